start = <b>Hello, { $name }!</b> I paint pictures from your words with Kandinsky 3.
start-invitation = Write what you want to see, in any language, and I start right away. Or begin with one of these:
start-mini =
    <i>This is the small demo model: it runs on any computer and knows one world, coloured shapes on coloured backgrounds. Circles, squares, triangles, stars, hearts, rings, crosses and diamonds are at home there; anything else becomes a surprise.</i>
help =
    <b>How it works</b>
    Send me a description of up to { $limit } characters. I show its place in line, then how the painting grows, then the picture.

    <b>Under a picture</b>
    “{ button-again }” paints the same words anew, “{ button-refine }” works out the fine details, “{ button-file }” sends the original, not compressed. The heart keeps a picture among your favourites.

    { $parameters }
    What stands in a message counts for that message only.

    <b>Commands</b>
    /menu: everything by buttons
    /settings: model, shape, style and more
    /history: your pictures and favourites
    /queue: what is in line
    /cancel: stop your pictures
    /quota: your credits
    /language: English or Russian
    /timezone: when your day begins
    /forget: delete everything I know of you
    /help: this text

    <b>Credits</b>
    A Kandinsky 3 picture costs { $base_credits }, a Flash picture { $flash_credits }. You get { $daily_credits } every day; what fails or is cancelled comes back.
help-mini =
    <b>What this demo knows</b>
    Eight shapes in eleven colours: try “a big red circle on a blue background”, “a yellow star” or “a green heart on a pink background”.

# The three examples under /start, for the big models and for the small one.
example-full-1-label = 🦊 A fox in autumn leaves
example-full-1-prompt = a red fox asleep in autumn leaves, soft morning light, detailed fur
example-full-2-label = 🌊 A lighthouse in a storm
example-full-2-prompt = an old lighthouse in a storm, huge waves, dramatic sky, oil painting
example-full-3-label = 🫖 A city in a teapot
example-full-3-prompt = a tiny city inside a glass teapot, steam as clouds, studio light, macro photo
example-mini-1-label = 🔴 A big red circle on blue
example-mini-1-prompt = a big red circle on a blue background
example-mini-2-label = ⭐ A yellow star
example-mini-2-prompt = a yellow star
example-mini-3-label = 💚 A green heart on pink
example-mini-3-prompt = a green heart on a pink background

# Shown by Telegram itself: the command menu (up to 256 characters), the empty chat (512), the profile (120).
command-start = Begin here
command-menu = Everything by buttons
command-settings = Model, shape, style and more
command-history = Your pictures and favourites
command-queue = What is in line
command-cancel = Stop your pictures
command-quota = Your credits
command-language = English or Russian
command-timezone = When your day begins
command-forget = Delete everything I know of you
command-help = How it works
bot-description =
    Write what you want to see, and I paint it with Kandinsky 3.

    Any language, any idea. You see the place in line, watch the painting grow, and can stop it at any time.
bot-short-description = Paints pictures from your words with Kandinsky 3.
