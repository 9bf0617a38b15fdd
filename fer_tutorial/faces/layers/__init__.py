"""What is painted, one file a layer: each ``paint`` takes the picture so far and gives the picture with one thing more.

Two layers start a picture and take none: ``skin`` that of the head, ``background`` the whole.  Pictures are
``(n, 3, P)`` in linear light.
"""
