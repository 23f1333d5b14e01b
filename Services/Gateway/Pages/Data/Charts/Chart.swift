import Glibc
import JSON

/// Rows drawn as SVG: their first text is what stands below, their numbers are what is drawn. The
/// table beside it says the same to who does not see it.
struct Chart {
    enum Kind: String, CaseIterable { case bar, line }

    /// Rows and columns of numbers that one chart shows.
    static let pointLimit = 60
    static let seriesLimit = 4

    let kind: Kind
    let labels: [String]
    let series: [(name: String, values: [Double?])]
    let texts: Texts

    private static let (width, height) = (800.0, 320.0)
    private static let (left, right, top, bottom) = (64.0, 10.0, 12.0, 60.0)

    /// Nil where there are no numbers.
    init?(_ rows: [JSONObject], _ kind: Kind, _ texts: Texts) {
        let rows = rows.prefix(Chart.pointLimit)
        guard let first = rows.first else { return nil }
        let numbers = first.members.map(\.key).filter { key in
            rows.contains { Chart.number($0[key]) != nil }
                && rows.allSatisfy { Chart.number($0[key]) != nil || ($0[key]?.isNull ?? true) }
        }
        let names = first.members.map(\.key).filter { !numbers.contains($0) }
        let label = names.first ?? (numbers.count > 1 ? numbers[0] : nil)
        let drawn = numbers.filter { $0 != label }.prefix(Chart.seriesLimit)
        guard !drawn.isEmpty else { return nil }
        self.kind = kind
        self.texts = texts
        labels = rows.enumerated().map { index, row in
            guard let label, let value = row[label], !value.isNull else {
                return label == nil ? String(index + 1) : texts.empty
            }
            return value.string ?? value.text
        }
        series = drawn.map { key in (key, rows.map { Chart.number($0[key]) }) }
    }

    private static func number(_ value: JSONValue?) -> Double? {
        guard case .number(let number)? = value else { return nil }
        // One that is no number, or too large for a scale, is not drawn.
        return Double(number.text).flatMap { abs($0) < 1e15 ? $0 : nil }
    }

    // MARK: Scale

    /// From a round number below to one above, in round steps.
    struct Scale {
        let low: Double
        let high: Double
        let step: Double

        init(_ values: [Double]) {
            let (least, most) = (min(0, values.min() ?? 0), max(0, values.max() ?? 0))
            let span = most > least ? most - least : 1
            let power = pow(10, floor(log10(span / 4)))
            step = [1, 2, 5, 10].map { $0 * power }.first { span / $0 <= 5 } ?? span
            low = floor(least / step) * step
            high = max(ceil(most / step) * step, low + step)
        }

        var ticks: [Double] {
            (0...Int(((high - low) / step).rounded())).map { low + Double($0) * step }
        }
    }

    private func y(_ value: Double, _ scale: Scale) -> Double {
        let share = (value - scale.low) / (scale.high - scale.low)
        return Chart.height - Chart.bottom - share * (Chart.height - Chart.top - Chart.bottom)
    }

    private var slot: Double {
        (Chart.width - Chart.left - Chart.right) / Double(max(labels.count, 1))
    }

    private func text(_ number: Double) -> String {
        let tenths = Int64((number * 10).rounded())
        let (whole, part) = abs(tenths).quotientAndRemainder(dividingBy: 10)
        return (tenths < 0 ? "-" : "") + "\(whole)" + (part == 0 ? "" : ".\(part)")
    }

    // MARK: Drawing

    func html(_ name: String) -> HTML {
        let scale = Scale(series.flatMap { $0.values.compactMap { $0 } })
        var html = tag(.div, .class("chart")) {
            tag(
                .svg, .shape("viewBox", "0 0 \(text(Chart.width)) \(text(Chart.height))"),
                .role(.img), .aria(.label, texts.chartOf(name))
            ) {
                for tick in scale.ticks { line(tick, scale) }
                for index in series.indices {
                    kind == .bar ? bars(index, scale) : path(index, scale)
                }
                for index in labels.indices { label(index) }
            }
        }
        if series.count > 1 {
            html += tag(.ul, .class("chips")) {
                for (index, item) in series.enumerated() {
                    tag(.li) {
                        swatch(index)
                        " " + item.name
                    }
                }
            }
        }
        return html
    }

    private func line(_ tick: Double, _ scale: Scale) -> HTML {
        let place = text(y(tick, scale))
        return tag(.g, .class("grid-line")) {
            tag(
                .line, .shape("x1", text(Chart.left)),
                .shape("x2", text(Chart.width - Chart.right)), .shape("y1", place),
                .shape("y2", place))
            tag(
                .text, .shape("x", text(Chart.left - 8)), .shape("y", text(y(tick, scale) + 4)),
                .fixed("text-anchor", "end")
            ) { texts.decimal(plain(tick)) }
        }
    }

    /// A number as JSON writes it.
    private func plain(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15
            ? String(Int64(number)) : String(number)
    }

    private func bars(_ index: Int, _ scale: Scale) -> HTML {
        let width = max(1, slot * 0.76 / Double(series.count))
        var html = HTML.nothing
        for (point, value) in series[index].values.enumerated() {
            guard let value else { continue }
            let (from, to) = (y(max(value, 0), scale), y(min(value, 0), scale))
            let x = Chart.left + slot * (Double(point) + 0.12) + width * Double(index)
            html += tag(
                .rect, Chart.look(index), .shape("x", text(x)), .shape("y", text(from)),
                .shape("width", text(width)), .shape("height", text(max(to - from, 0.5)))
            ) { tag(.title) { "\(labels[point]): \(texts.decimal(plain(value)))" } }
        }
        return html
    }

    private func path(_ index: Int, _ scale: Scale) -> HTML {
        let points = series[index].values.enumerated().compactMap { point, value in
            value.map { (Chart.left + slot * (Double(point) + 0.5), y($0, scale)) }
        }
        var html = tag(
            .polyline, Chart.look(index), .fixed("fill", "none"),
            .shape("points", points.map { "\(text($0.0)),\(text($0.1))" }.joined(separator: " ")))
        for (x, y) in points {
            html += tag(
                .circle, Chart.look(index), .shape("cx", text(x)), .shape("cy", text(y)),
                .fixed("r", "3"))
        }
        return html
    }

    /// As many labels as there is room for.
    @HTMLBuilder private func label(_ index: Int) -> HTML {
        let every = max(1, Int((46 / slot).rounded(.up)))
        if index.isMultiple(of: every) {
            let x = text(Chart.left + slot * (Double(index) + 0.5))
            let y = text(Chart.height - Chart.bottom + 16)
            let isLong = labels.contains { $0.count > Int(slot * Double(every) / 7) }
            tag(
                .text, .shape("x", x), .shape("y", y),
                isLong ? .fixed("text-anchor", "end") : .fixed("text-anchor", "middle"),
                isLong ? .shape("transform", "rotate(-28 \(x) \(y))") : nil
            ) { labels[index].count > 14 ? String(labels[index].prefix(13)) + "…" : labels[index] }
        }
    }

    private func swatch(_ index: Int) -> HTML {
        tag(.svg, .class("swatch"), .fixed("viewBox", "0 0 10 10"), .aria(.hidden, "true")) {
            tag(
                .rect, Chart.look(index), .fixed("width", "10"), .fixed("height", "10"),
                .fixed("rx", "2"))
        }
    }

    private static func look(_ index: Int) -> Attribute {
        switch index {
        case 0: .class("s0")
        case 1: .class("s1")
        case 2: .class("s2")
        default: .class("s3")
        }
    }
}
