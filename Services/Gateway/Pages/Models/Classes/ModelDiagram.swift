import JSON

/// The classes of a model as boxes with their columns, and a line for each reference from its
/// column to its class. What refers stands left of what it refers to.
struct ModelDiagram {
    private static let width = 216
    private static let left = 8
    private static let head = 38
    private static let row = 22
    private static let gap = (across: 72, down: 28)
    /// Columns of a box; the class's page has all.
    private static let shownColumns = 14
    /// Boxes one below the other.
    private static let tallest = 6

    let standing: ModelStanding
    let texts: Texts

    private struct Box {
        let code: String
        let name: String
        var columns: [(code: String, name: String, type: String, target: String?)] = []
        let hidden: Int
        var column = 0
        var y = 0

        var x: Int {
            ModelDiagram.left + column * (ModelDiagram.width + ModelDiagram.gap.across)
        }
        var height: Int {
            ModelDiagram.head + ModelDiagram.row * (columns.count + (hidden > 0 ? 1 : 0)) + 8
        }
    }

    func drawing() -> HTML {
        let boxes = placed()
        let (lines, reach) = lines(boxes)
        let right = boxes.map { $0.x + ModelDiagram.width }.max() ?? 0
        let bottom = boxes.map { $0.y + $0.height }.max() ?? 0
        let (width, height) = (max(right, reach.x) + 16, max(bottom, reach.y) + 16)
        return tag(
            .div, .class("scroll diagram"), .fixed("tabindex", "0"), .role(.group),
            .aria(.label, texts.modelDiagram)
        ) {
            tag(
                .svg, .shape("viewBox", "0 0 \(width) \(height)"),
                .number("width", Int64(width)), .number("height", Int64(height)),
                .aria(.label, texts.modelDiagram)
            ) {
                for line in lines { show(line) }
                for box in boxes { show(box) }
            }
        }
    }

    // MARK: Where the boxes stand

    private func placed() -> [Box] {
        let all = boxes()
        let codes = Set(all.map(\.code))
        let targets = Dictionary(
            all.map { box in
                (box.code, box.columns.compactMap(\.target).filter { codes.contains($0) })
            }
        ) { first, _ in first }
        var levels: [String: Int] = [:]
        for box in all { level(box.code, targets, &levels, []) }
        let deepest = levels.values.max() ?? 0
        var placed: [Box] = []
        var column = 0
        for level in (0...deepest).reversed() {
            let here = all.filter { levels[$0.code] == level }
            for start in stride(from: 0, to: here.count, by: ModelDiagram.tallest) {
                var y = 8
                for var box in here[start..<min(start + ModelDiagram.tallest, here.count)] {
                    (box.column, box.y) = (column, y)
                    y += box.height + ModelDiagram.gap.down
                    placed.append(box)
                }
                column += 1
            }
        }
        return placed
    }

    /// One more than the deepest class that it refers to; what leads back to itself counts once.
    @discardableResult
    private func level(
        _ code: String, _ targets: [String: [String]], _ levels: inout [String: Int],
        _ path: Set<String>
    ) -> Int {
        if let known = levels[code] { return known }
        if path.contains(code) { return 0 }
        var deepest = 0
        for target in targets[code] ?? [] where target != code {
            deepest = max(deepest, level(target, targets, &levels, path.union([code])) + 1)
        }
        levels[code] = deepest
        return deepest
    }

    private func boxes() -> [Box] {
        standing.definitions(.classes).compactMap { item in
            guard let code = item["code"]?.string else { return nil }
            let columns = item["columns"]?.array ?? []
            // References are what the drawing is for: they come first where not all are shown.
            let all = columns.map { column in
                (
                    code: column["code"]?.string ?? "",
                    name: ModelStanding.name(of: column, texts),
                    type: column["type"]?.string ?? "",
                    target: column["class"]?.string
                )
            }
            let shown =
                all.count <= ModelDiagram.shownColumns
                ? all
                : Array(
                    (all.filter { $0.target != nil } + all.filter { $0.target == nil })
                        .prefix(ModelDiagram.shownColumns))
            return Box(
                code: code, name: ModelStanding.name(of: item, texts), columns: shown,
                hidden: all.count - shown.count)
        }
    }

    // MARK: Drawing

    /// A line for each reference, and how far they reach.
    private func lines(_ boxes: [Box]) -> ([[DiagramLines.Point]], DiagramLines.Point) {
        let byCode = Dictionary(boxes.map { ($0.code, $0) }) { first, _ in first }
        var ways = DiagramLines(
            boxes: boxes.map { .init(column: $0.column, top: $0.y, bottom: $0.y + $0.height) },
            left: ModelDiagram.left, width: ModelDiagram.width, gap: ModelDiagram.gap.across)
        var lines: [[DiagramLines.Point]] = []
        for box in boxes {
            for (index, column) in box.columns.enumerated() {
                guard let target = column.target.flatMap({ byCode[$0] }) else { continue }
                let y = box.y + ModelDiagram.head + ModelDiagram.row * index + ModelDiagram.row / 2
                lines.append(
                    ways.way(
                        from: (box.column, y + 2),
                        to: (target.column, target.y + ModelDiagram.head / 2)))
            }
        }
        return (lines, ways.reach)
    }

    private func show(_ line: [DiagramLines.Point]) -> HTML {
        let path = line.enumerated().map { "\($0 == 0 ? "M" : "L")\($1.x) \($1.y)" }.joined()
        let end = line.last ?? .init(x: 0, y: 0)
        return tag(.g) {
            tag(.path, .class("wire"), .shape("d", path))
            tag(
                .circle, .class("end"), .shape("cx", String(end.x)), .shape("cy", String(end.y)),
                .shape("r", "4"))
        }
    }

    private func show(_ box: Box) -> HTML {
        tag(.a, .href(Link("models", standing.code, "classes", box.code))) {
            tag(
                .rect, .class("box"), .shape("x", String(box.x)), .shape("y", String(box.y)),
                .number("width", Int64(ModelDiagram.width)),
                .number("height", Int64(box.height)), .shape("rx", "8"))
            text(box.x + 12, box.y + 25, ModelDiagram.cut(box.name, 24), .class("title"))
            tag(
                .path, .class("rule"),
                .shape(
                    "d", "M\(box.x) \(box.y + ModelDiagram.head)h\(ModelDiagram.width)"))
            for (index, column) in box.columns.enumerated() {
                let y = box.y + ModelDiagram.head + ModelDiagram.row * index + 18
                text(box.x + 12, y, ModelDiagram.cut(column.name, 17), .class("column"))
                tag(
                    .text, .class("type"), .shape("x", String(box.x + ModelDiagram.width - 12)),
                    .shape("y", String(y)), .fixed("text-anchor", "end")
                ) { ModelDiagram.cut(texts.modelWord(column.type), 13) }
            }
            if box.hidden > 0 {
                let y = box.y + ModelDiagram.head + ModelDiagram.row * box.columns.count + 18
                text(box.x + 12, y, texts.more(box.hidden), .class("type"))
            }
        }
    }

    private func text(_ x: Int, _ y: Int, _ text: String, _ look: Attribute) -> HTML {
        tag(.text, look, .shape("x", String(x)), .shape("y", String(y))) { text }
    }

    private static func cut(_ text: String, _ length: Int) -> String {
        text.count <= length ? text : text.prefix(length - 1) + "…"
    }
}
