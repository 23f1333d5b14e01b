/// A small chart of one value over time: a line, its last value in words beside it.
enum Sparkline {
    private static let width = 140.0
    private static let height = 36.0

    /// `values` oldest first; nil where nothing was read. What it says is `label`.
    static func chart(_ values: [Double?], _ label: String) -> HTML {
        let top = max(values.compactMap { $0 }.max() ?? 0, 1e-9)
        let step = width / Double(max(values.count - 1, 1))
        // A gap ends a line and begins another.
        var lines: [[String]] = [[]]
        for (index, value) in values.enumerated() {
            guard let value else {
                if !(lines.last?.isEmpty ?? true) { lines.append([]) }
                continue
            }
            let x = tenth(Double(index) * step)
            lines[lines.count - 1].append("\(x),\(tenth(height - 2 - value / top * (height - 4)))")
        }
        return tag(
            .svg, .class("spark"), .fixed("viewBox", "0 0 140 36"), .role(.img),
            .aria(.label, label)
        ) {
            for line in lines where !line.isEmpty {
                tag(.polyline, .shape("points", line.joined(separator: " ")))
            }
        }
    }

    private static func tenth(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
