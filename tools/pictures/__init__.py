"""The README's pictures of messengers, drawn from what the bot really sent.

    .venv/bin/python -m tools.pictures                # docs/images/{telegram,discord,slack}.png
    .venv/bin/python -m tools.pictures slack --keep   # one of them; leaves its page beside it

The whole gateway runs against the simulators of `tests/simulators` with models that a script
plays. What stands in the chat at the end is drawn in a look of our own, and photographed by
Chromium. Only the look is made up here: no word, figure, button or order is.
"""
