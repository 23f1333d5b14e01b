import Contracts
import JSON

/// A workflow as an SVG document, and where an instance stands in it. It needs no styles and no
/// scripts from around it, and says in words what it shows by colour.
struct Drawing {
    private let name: String
    private let graph: DrawingGraph
    private let layout: DrawingLayout
    private let marks: DrawingMarks?
    private var svg = SVGWriter()

    static let margin = 28.0
    /// Room for the mark of the start.
    private static let head = 30.0
    /// Between arrows that go round.
    private static let channel = 14.0
    private static let nameLimit = 30

    init(_ workflow: WorkflowDefinition, name: String, marks: DrawingMarks? = nil) {
        self.name = name
        self.marks = marks
        graph = DrawingGraph(workflow)
        layout = DrawingLayout(graph, widths: graph.steps.map(Drawing.width))
    }

    func text() -> String {
        var copy = self
        return copy.draw()
    }

    private mutating func draw() -> String {
        let round = graph.edges.indices.filter { layout.goesRound(graph.edges[$0]) }
        let channels = round.isEmpty ? 0 : Double(round.count + 1) * Drawing.channel + 40
        let width = layout.right + channels + 2 * Drawing.margin
        let height = layout.bottom + Drawing.head + 2 * Drawing.margin
        let (w, h) = (SVGWriter.number(width), SVGWriter.number(height))
        svg.open(
            "svg",
            [
                ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(w) \(h)"),
                ("width", w), ("height", h), ("role", "img"),
                ("aria-labelledby", "drawing-title drawing-about"),
                ("font-family", "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"),
            ])
        svg.element("title", [("id", "drawing-title")], text: title)
        svg.element("desc", [("id", "drawing-about")], text: about)
        arrowHead()
        svg.element("rect", [("width", w), ("height", h), ("fill", "#ffffff")])
        for (index, edge) in graph.edges.enumerated() where !layout.goesRound(edge) {
            arrow(index, edge)
        }
        for (place, index) in round.enumerated() { detour(graph.edges[index], place) }
        start()
        for index in graph.steps.indices { node(index) }
        svg.close("svg")
        return svg.text
    }

    // MARK: Words

    private var title: String {
        marks.map { "Instance \($0.id) of \(name), \($0.state)" } ?? "Workflow \(name)"
    }

    /// The steps in the order in which one meets them, with what an instance has done.
    private var about: String {
        graph.order.map { index in
            let step = graph.steps[index]
            let ways = graph.edges.filter { $0.from == index }.map { edge in
                let label = edge.label.isEmpty ? "" : " (\(edge.label))"
                return graph.steps[edge.to].code + label
            }
            let mark = marks?.marks[step.code].map { ", \(Drawing.word($0))" } ?? ""
            let way = ways.isEmpty ? "" : " → " + ways.joined(separator: ", ")
            return "\(step.code) [\(step.kindName)\(mark)]\(way)"
        }.joined(separator: "; ")
    }

    private static func word(_ mark: DrawingMarks.Mark) -> String {
        let word =
            switch mark.state {
            case .done: "done"
            case .here: "here"
            case .failed: "failed"
            case .skipped: "skipped"
            }
        return mark.visits > 1 ? "\(word) ×\(mark.visits)" : word
    }

    // MARK: Steps

    private static func width(_ step: StepDefinition) -> Double {
        let letters = max(
            Double(min(step.code.count, nameLimit)) * 8.2,
            Double(min(step.detail.count, nameLimit + 4)) * 6.4 + 62)
        return min(max(letters + 34, 132), 300)
    }

    private func top(_ index: Int) -> DrawingLayout.Point {
        DrawingLayout.Point(
            x: layout.tops[index].x + Drawing.margin,
            y: layout.tops[index].y + Drawing.margin + Drawing.head)
    }

    private mutating func start() {
        let top = top(graph.start)
        svg.element(
            "circle",
            [
                ("cx", SVGWriter.number(top.x)), ("cy", SVGWriter.number(top.y - 28)), ("r", "6"),
                ("fill", "#334155"),
            ])
        line("M \(pair(top.x, top.y - 22)) L \(pair(top.x, top.y - 3))", isBack: false)
    }

    private mutating func node(_ index: Int) {
        let step = graph.steps[index]
        let top = top(index)
        let look = Look(step, marks.map { $0.marks[step.code] })
        let (width, height) = (layout.widths[index], DrawingLayout.nodeHeight)
        let left = top.x - width / 2
        svg.open("g")
        svg.element("title", text: "\(step.code): \(step.detail)")
        let shape: [(String, String)] = [
            ("fill", look.fill), ("stroke", look.stroke),
            ("stroke-width", SVGWriter.number(look.strokeWidth)),
        ]
        let dashes = look.isDashed ? [("stroke-dasharray", "5 4")] : []
        svg.element(
            "rect",
            [
                ("x", SVGWriter.number(left)), ("y", SVGWriter.number(top.y)),
                ("width", SVGWriter.number(width)), ("height", SVGWriter.number(height)),
                ("rx", look.isRound ? "26" : "9"),
            ] + shape + dashes)
        if !look.isRound {
            svg.element(
                "rect",
                [
                    ("x", SVGWriter.number(left + 9)), ("y", SVGWriter.number(top.y + 11)),
                    ("width", "4"), ("height", SVGWriter.number(height - 22)), ("rx", "2"),
                    ("fill", look.accent),
                ])
        }
        let textLeft = left + (look.isRound ? 24 : 22)
        label(step.detail, textLeft, top.y + 20, size: 11, fill: look.quiet, limit: 34)
        label(step.code, textLeft, top.y + 38, size: 14, fill: look.text, isBold: true)
        if let mark = marks?.marks[step.code] {
            badge(Drawing.word(mark), left + width, top.y, look.stroke)
        }
        svg.close("g")
    }

    private mutating func badge(_ word: String, _ right: Double, _ top: Double, _ fill: String) {
        let width = Double(word.count) * 6.6 + 14
        svg.element(
            "rect",
            [
                ("x", SVGWriter.number(right - width - 8)), ("y", SVGWriter.number(top - 9)),
                ("width", SVGWriter.number(width)), ("height", "18"), ("rx", "9"),
                ("fill", fill),
            ])
        svg.element(
            "text",
            [
                ("x", SVGWriter.number(right - 8 - width / 2)),
                ("y", SVGWriter.number(top + 4)), ("text-anchor", "middle"),
                ("font-size", "11"), ("font-weight", "600"), ("fill", "#ffffff"),
            ], text: word)
    }

    private mutating func label(
        _ text: String, _ x: Double, _ y: Double, size: Int, fill: String, isBold: Bool = false,
        limit: Int = Drawing.nameLimit
    ) {
        let shown = text.count > limit ? text.prefix(limit - 1) + "…" : text
        svg.element(
            "text",
            [
                ("x", SVGWriter.number(x)), ("y", SVGWriter.number(y)),
                ("font-size", String(size)), ("font-weight", isBold ? "600" : "400"),
                ("fill", fill),
            ], text: shown)
    }

    // MARK: Arrows

    private mutating func arrowHead() {
        svg.open("defs")
        for (id, colour) in [("head", "#64748b"), ("head-back", "#94a3b8")] {
            svg.open(
                "marker",
                [
                    ("id", id), ("viewBox", "0 0 10 10"), ("refX", "9"), ("refY", "5"),
                    ("markerWidth", "7"), ("markerHeight", "7"), ("orient", "auto"),
                ])
            svg.element("path", [("d", "M 0 0 L 10 5 L 0 10 z"), ("fill", colour)])
            svg.close("marker")
        }
        svg.close("defs")
    }

    /// Where an arrow leaves a step: side by side, in the order of where they go.
    private func exit(_ index: Int, _ edge: DrawingGraph.Edge) -> (x: Double, place: Int) {
        let mine = graph.edges.indices.filter { graph.edges[$0].from == edge.from }
        func aim(_ index: Int) -> Double {
            let edge = graph.edges[index]
            if layout.goesRound(edge) { return .infinity }
            return (layout.passes[index].first ?? layout.tops[edge.to]).x
        }
        let sorted = mine.sorted { (aim($0), $0) < (aim($1), $1) }
        let place = sorted.firstIndex(of: index) ?? 0
        let width = layout.widths[edge.from]
        let step = min(56, (width - 24) / Double(max(1, mine.count)))
        let middle = Double(mine.count - 1) / 2
        return (top(edge.from).x + (Double(place) - middle) * step, place)
    }

    private mutating func arrow(_ index: Int, _ edge: DrawingGraph.Edge) {
        let (x, place) = exit(index, edge)
        let from = DrawingLayout.Point(
            x: x, y: top(edge.from).y + DrawingLayout.nodeHeight)
        var points = [from]
        for pass in layout.passes[index] {
            let (px, py) = (pass.x + Drawing.margin, pass.y + Drawing.margin + Drawing.head)
            points.append(.init(x: px, y: py))
            points.append(.init(x: px, y: py + DrawingLayout.nodeHeight))
        }
        let end = top(edge.to)
        points.append(.init(x: end.x, y: end.y - 2))
        var path = "M \(pair(from.x, from.y))"
        for (a, b) in zip(points, points.dropFirst()) {
            if a.x == b.x {
                path += " L \(pair(b.x, b.y))"
            } else {
                let bend = (b.y - a.y) / 2
                path += " C \(pair(a.x, a.y + bend)) \(pair(b.x, b.y - bend)) \(pair(b.x, b.y))"
            }
        }
        line(path, isBack: false)
        // Neighbours' labels stand at different heights.
        caption(edge.label, from.x, from.y + (place % 2 == 0 ? 16 : 29))
    }

    /// Out below the step, along the side, and in above the other.
    private mutating func detour(_ edge: DrawingGraph.Edge, _ place: Int) {
        let index = graph.edges.firstIndex {
            $0.from == edge.from && $0.to == edge.to && $0.label == edge.label
        }
        let (x, _) = exit(index ?? 0, edge)
        let bottom = top(edge.from).y + DrawingLayout.nodeHeight
        let channel =
            layout.right + Drawing.margin + 26 + Double(place + 1) * Drawing.channel
        let end = top(edge.to)
        let enter = end.x + min(30, layout.widths[edge.to] / 4)
        let (low, high) = (bottom + 20 + Double(place % 3) * 5, end.y - 18 - Double(place % 3) * 5)
        let turn = low < high ? 8.0 : -8.0
        line(
            """
            M \(pair(x, bottom)) L \(pair(x, low - 8)) Q \(pair(x, low)) \(pair(x + 8, low)) \
            L \(pair(channel - 8, low)) Q \(pair(channel, low)) \(pair(channel, low + turn)) \
            L \(pair(channel, high - turn)) Q \(pair(channel, high)) \(pair(channel - 8, high)) \
            L \(pair(enter + 8, high)) Q \(pair(enter, high)) \(pair(enter, high + 8)) \
            L \(pair(enter, end.y - 2))
            """, isBack: true)
        caption(edge.label, x + 6, low - 5, anchor: "start")
    }

    private mutating func line(_ path: String, isBack: Bool) {
        svg.element(
            "path",
            [
                ("d", path), ("fill", "none"), ("stroke", isBack ? "#94a3b8" : "#64748b"),
                ("stroke-width", "1.6"), ("marker-end", isBack ? "url(#head-back)" : "url(#head)"),
            ])
    }

    private mutating func caption(
        _ text: String, _ x: Double, _ y: Double, anchor: String = "middle"
    ) {
        if text.isEmpty { return }
        let shown = text.count > 24 ? text.prefix(23) + "…" : text
        svg.element(
            "text",
            [
                ("x", SVGWriter.number(x)), ("y", SVGWriter.number(y)), ("text-anchor", anchor),
                ("font-size", "11"), ("fill", "#475569"), ("stroke", "#ffffff"),
                ("stroke-width", "4"), ("paint-order", "stroke"), ("stroke-linejoin", "round"),
            ], text: String(shown))
    }

    private func pair(_ x: Double, _ y: Double) -> String {
        "\(SVGWriter.number(x)) \(SVGWriter.number(y))"
    }
}
