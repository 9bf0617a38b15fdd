"""The palette of every figure: colors that people with color-blindness can tell apart.

Source: Okabe and Ito, "Color Universal Design" (2008).
"""

# Black comes last: on a dark page it is replaced by white, and few figures need eight colors.
OKABE_ITO: tuple[str, ...] = (
    "#0072B2",  # blue
    "#E69F00",  # orange
    "#009E73",  # bluish green
    "#D55E00",  # vermillion
    "#CC79A7",  # reddish purple
    "#56B4E9",  # sky blue
    "#F0E442",  # yellow
    "#000000",  # black
)

INK = "#1f2328"  # letters, axes and whatever has no color of its own: a dark page draws them light
