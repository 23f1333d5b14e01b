/// Writes SVG elements; every text and attribute is escaped.
struct SVGWriter {
    private(set) var text = ""

    mutating func open(_ name: String, _ attributes: [(String, String)] = []) {
        start(name, attributes)
        text += ">"
    }

    mutating func close(_ name: String) { text += "</\(name)>\n" }

    mutating func element(_ name: String, _ attributes: [(String, String)]) {
        start(name, attributes)
        text += "/>\n"
    }

    mutating func element(
        _ name: String, _ attributes: [(String, String)] = [], text content: String
    ) {
        open(name, attributes)
        text += SVGWriter.escaped(content)
        close(name)
    }

    private mutating func start(_ name: String, _ attributes: [(String, String)]) {
        text += "<" + name
        for (key, value) in attributes { text += " \(key)=\"\(SVGWriter.escaped(value))\"" }
    }

    /// For content and attributes; what XML cannot carry becomes a replacement character.
    static func escaped(_ text: String) -> String {
        var carried = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\t", "\n", "\r": carried.append(" ")
            case "\u{0}"..<" ", "\u{FFFE}", "\u{FFFF}": carried.append("\u{FFFD}")
            default: carried.append(scalar)
            }
        }
        return Template.escaped(String(carried))
    }

    /// A coordinate, without decimals that nobody sees.
    static func number(_ value: Double) -> String {
        let tenths = (value * 10).rounded()
        let whole = Int64(tenths) / 10
        let rest = abs(Int64(tenths) % 10)
        let sign = tenths < 0 && whole == 0 ? "-" : ""
        return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
    }
}
