# Parameters that may stand in a prompt. Every line of the list: how it is written, then what it does.
parameters-title = <b>In your words you may also say</b>
parameter-ar = <code>{ $usage }</code>: the shape of the picture ({ $options })
parameter-style = <code>{ $usage }</code>: how it is drawn ({ $options })
parameter-model = <code>{ $usage }</code>: who paints ({ $options })
parameter-n = <code>{ $usage }</code>: how many pictures ({ $options })
parameter-seed = <code>{ $usage }</code>: a number that repeats a picture; “random” draws a new one
parameter-refine = <code>{ $usage }</code>: Flash works over the details of a Kandinsky 3 picture
parameter-no = <code>{ $usage }</code>: what the picture should not show; it takes all words up to the next parameter

# Hints: what was written, and what to write instead. The first four stop the painting until it is put right.
hint-unknown = I do not know <code>{ $parameter }</code>.
hint-missing = <code>{ $parameter }</code> needs a value.
hint-impossible = I cannot do <code>{ $parameter } { $said }</code>.
hint-too-long = There are too many words after <code>{ $parameter }</code>.
hint-meant = I read that as <code>{ $nearest }</code>.
hint-repeated = You wrote <code>{ $parameter }</code> more than once; the last one counts: <code>{ $nearest }</code>.
hint-foreign = I do not know <code>{ $parameter }</code> and left it out.
hint-no-effect = The model <code>{ $said }</code> does not listen to <code>{ $parameter }</code>.
hint-try = Try <code>{ $nearest }</code>.
hint-options = Possible: { $options }.
