# /imagine without words, and a mention that says nothing else.
imagine-how = Write what you want to see behind the command: <code>/imagine { $example }</code>
command-imagine = Paint these words
