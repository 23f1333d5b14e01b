/// Where everything is: a row for each rank, the order in it so that few arrows cross, and then
/// places as near to their neighbours as the gaps allow. The same workflow always gives the same
/// places.
struct DrawingLayout {
    static let nodeHeight = 52.0
    static let rankGap = 62.0
    static let nodeGap = 36.0
    /// The room of an arrow that passes a row.
    static let passWidth = 14.0
    /// Longer arrows go round on the side.
    static let longest = 6

    struct Point: Equatable {
        var x: Double
        var y: Double
    }

    let graph: DrawingGraph
    let widths: [Double]
    /// The middle of each step's upper side.
    private(set) var tops: [Point] = []
    /// The rows that each arrow passes, from top to bottom.
    private(set) var passes: [[Point]] = []
    /// Right of everything but what goes round.
    private(set) var right = 0.0
    private(set) var bottom = 0.0

    /// A step, or a place where an arrow passes a row.
    private struct Cell {
        var width: Double
        var rank: Int
        var x = 0.0
        var above: [Int] = []
        var below: [Int] = []
    }

    private var cells: [Cell] = []
    private var rows: [[Int]] = []
    private var cellsOfEdges: [[Int]] = []

    init(_ graph: DrawingGraph, widths: [Double]) {
        self.graph = graph
        self.widths = widths
        makeCells()
        for turn in 0..<8 { sort(downwards: turn % 2 == 0) }
        place()
        finish()
    }

    /// Whether an arrow goes round on the side.
    func goesRound(_ edge: DrawingGraph.Edge) -> Bool {
        edge.isBack || graph.ranks[edge.to] - graph.ranks[edge.from] > DrawingLayout.longest
    }

    private mutating func makeCells() {
        cells = graph.steps.indices.map { Cell(width: widths[$0], rank: graph.ranks[$0]) }
        rows = [[Int]](repeating: [], count: (graph.ranks.max() ?? 0) + 1)
        for node in graph.order { rows[graph.ranks[node]].append(node) }
        for edge in graph.edges {
            var passed: [Int] = []
            if !goesRound(edge) {
                var last = edge.from
                for rank in (graph.ranks[edge.from] + 1)..<graph.ranks[edge.to] {
                    cells.append(Cell(width: DrawingLayout.passWidth, rank: rank))
                    rows[rank].append(cells.count - 1)
                    passed.append(cells.count - 1)
                    join(last, cells.count - 1)
                    last = cells.count - 1
                }
                join(last, edge.to)
            }
            cellsOfEdges.append(passed)
        }
    }

    private mutating func join(_ upper: Int, _ lower: Int) {
        cells[upper].below.append(lower)
        cells[lower].above.append(upper)
    }

    /// Each row by the middle of its neighbours in the row before.
    private mutating func sort(downwards: Bool) {
        var position = [Double](repeating: 0, count: cells.count)
        func number(_ row: [Int]) {
            for (index, cell) in row.enumerated() { position[cell] = Double(index) }
        }
        for row in rows { number(row) }
        for rank in downwards ? Array(rows.indices) : rows.indices.reversed() {
            let sorted = rows[rank].map { cell in
                let next = downwards ? cells[cell].above : cells[cell].below
                let sum = next.reduce(0) { $0 + position[$1] }
                return (cell, next.isEmpty ? position[cell] : sum / Double(next.count))
            }.enumerated().sorted { a, b in
                (a.element.1, a.offset) < (b.element.1, b.offset)
            }.map(\.element.0)
            rows[rank] = sorted
            number(sorted)
        }
    }

    private mutating func place() {
        for row in rows { settle(row, row.map { _ in 0 }) }
        for turn in 0..<16 {
            let downwards = turn % 2 == 0
            for rank in downwards ? Array(rows.indices) : rows.indices.reversed() {
                let wishes = rows[rank].map { cell in
                    let next = downwards ? cells[cell].above : cells[cell].below
                    if next.isEmpty { return cells[cell].x }
                    return next.reduce(0) { $0 + cells[$1].x } / Double(next.count)
                }
                settle(rows[rank], wishes)
            }
        }
    }

    /// As near as can be to where each wants to be, without overlap: groups that would overlap
    /// share the middle of their wishes.
    private mutating func settle(_ row: [Int], _ wishes: [Double]) {
        var offset = 0.0
        var groups: [(sum: Double, count: Int)] = []
        var offsets: [Double] = []
        for (index, cell) in row.enumerated() {
            if index > 0 {
                offset +=
                    (cells[row[index - 1]].width + cells[cell].width) / 2 + DrawingLayout.nodeGap
            }
            offsets.append(offset)
            groups.append((wishes[index] - offset, 1))
            while groups.count > 1, let last = groups.last {
                let before = groups[groups.count - 2]
                guard before.sum / Double(before.count) > last.sum / Double(last.count) else {
                    break
                }
                groups.removeLast(2)
                groups.append((before.sum + last.sum, before.count + last.count))
            }
        }
        var index = 0
        for group in groups {
            for _ in 0..<group.count {
                cells[row[index]].x = group.sum / Double(group.count) + offsets[index]
                index += 1
            }
        }
    }

    private mutating func finish() {
        let left = cells.map { $0.x - $0.width / 2 }.min() ?? 0
        let height = DrawingLayout.nodeHeight + DrawingLayout.rankGap
        func point(_ cell: Cell) -> Point {
            Point(x: (cell.x - left).rounded(), y: Double(cell.rank) * height)
        }
        tops = graph.steps.indices.map { point(cells[$0]) }
        passes = cellsOfEdges.map { $0.map { point(cells[$0]) } }
        right = cells.map { ($0.x - left + $0.width / 2).rounded() }.max() ?? 0
        bottom = Double(rows.count) * height - DrawingLayout.rankGap
    }
}
