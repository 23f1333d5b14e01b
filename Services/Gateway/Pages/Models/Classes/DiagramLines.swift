/// Ways of lines between boxes that stand in columns: across in the gaps between the boxes, up and
/// down beside the columns, never behind a box.
struct DiagramLines {
    struct Box {
        let column: Int
        let top: Int
        let bottom: Int
    }

    struct Point: Equatable {
        var x: Int
        var y: Int
    }

    /// How far a line stays from a box, and lines from each other.
    private static let distance = 7
    /// Lines side by side; more share a place.
    private static let lanes = 8

    /// By their columns, from the top.
    private let boxes: [Int: [Box]]
    /// Where the columns begin, how wide they are, and what is between them.
    private let left: Int
    private let width: Int
    private let gap: Int
    private var count = 0
    /// How far the lines reach to the right and down.
    private(set) var reach = Point(x: 0, y: 0)

    init(boxes: [Box], left: Int, width: Int, gap: Int) {
        self.boxes = Dictionary(grouping: boxes, by: \.column).mapValues {
            $0.sorted { $0.top < $1.top }
        }
        self.left = left
        self.width = width
        self.gap = gap
    }

    /// From the side of a box in one column to the side of another in the same or another one.
    mutating func way(from start: (column: Int, y: Int), to end: (column: Int, y: Int)) -> [Point] {
        let lane = count % DiagramLines.lanes
        count += 1
        let isRight = end.column >= start.column
        var points = [Point(x: side(of: start.column, isRight: isRight), y: start.y)]
        let first = isRight ? start.column : start.column - 1
        let last = end.column > start.column ? end.column - 1 : end.column
        var y = start.y
        for gutter in stride(from: first, through: last, by: isRight ? 1 : -1) {
            let x = place(in: gutter, lane)
            points.append(Point(x: x, y: y))
            let isLast = gutter == last
            let next = isRight ? gutter + 1 : gutter
            y = isLast ? end.y : free(in: next, near: y, lane)
            points.append(Point(x: x, y: y))
        }
        points.append(Point(x: side(of: end.column, isRight: end.column <= start.column), y: end.y))
        reach.x = max(reach.x, points.map(\.x).max() ?? 0)
        reach.y = max(reach.y, points.map(\.y).max() ?? 0)
        return points
    }

    private func side(of column: Int, isRight: Bool) -> Int {
        left + column * (width + gap) + (isRight ? width : 0)
    }

    /// Beside the column on its right.
    private func place(in gutter: Int, _ lane: Int) -> Int {
        side(of: gutter, isRight: true) + gap / 2 + (lane - DiagramLines.lanes / 2)
            * DiagramLines.distance
    }

    /// The place to cross a column that is nearest to `y`.
    private func free(in column: Int, near y: Int, _ lane: Int) -> Int {
        let here = boxes[column] ?? []
        let distance = DiagramLines.distance
        let isFree = here.allSatisfy { y < $0.top - distance || y > $0.bottom + distance }
        if isFree { return y }
        let shift = (lane % 3 - 1) * distance
        var places = zip(here, here.dropFirst()).map { ($0.bottom + $1.top) / 2 + shift }
        if let last = here.last { places.append(last.bottom + 2 * distance + shift) }
        return places.min { abs($0 - y) < abs($1 - y) } ?? y
    }
}
