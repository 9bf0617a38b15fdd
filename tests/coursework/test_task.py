from fer_tutorial.coursework.task import CodeTask, Criterion, Property, WrittenTask


def test_marks_are_those_of_the_parts():
    parts = (Property("a", 2, print), Property("b", 3, print))
    assert CodeTask("t.1", "f", parts).marks == 5
    anchors = ("none", "some", "most", "all")
    assert WrittenTask("t.2", (Criterion("a", 4, anchors), Criterion("b", 3, anchors))).marks == 7
