/* guide.h: a small guide and FAQ for tests that need something to ask about. */
#ifndef HARNESS_GUIDE_H
#define HARNESS_GUIDE_H

#define GUIDE_WELDING                                                                              \
    "---\ntitle: Welding\n---\n# Welding\n\n"                                                      \
    "## How much do welders earn?\n\nWelders earn a median of **$48,940** a year.\n\n"             \
    "## Which tools does a welder use?\n\nA welder uses torches, clamps and grinders.\n\n"         \
    "## How long does the training take?\n\nThe training takes seven months at a technical "       \
    "school.\n\n"                                                                                  \
    "## Where do welders work?\n\nWelders work in shipyards, factories and on building sites.\n"

#define FAQ_BAKING                                                                                 \
    "- id: oven-heat\n"                                                                            \
    "  q: How hot must the oven be for bread?\n"                                                   \
    "  aka: [bread baking temperature]\n"                                                          \
    "  a: Bread is baked at 230 degrees Celsius.\n"                                                \
    "  followups: [knead-time]\n"                                                                  \
    "  tests: [what temperature for baking bread]\n"                                               \
    "- id: knead-time\n"                                                                           \
    "  q: How long should dough be kneaded?\n"                                                     \
    "  a: Knead the dough for ten minutes.\n"

#endif
