/// Why a unit failed.
struct Fault: Error {
    let script: String
    let message: String
    /// From 1 in the unit's own text; 0 where the engine does not say.
    let line: Int
    /// From 1 in its line; 0 where the engine does not say.
    let column: Int

    init(_ unit: Unit, _ message: String, line: Int = 0, column: Int = 0) {
        script = unit.name
        self.message = String(message.unicodeScalars.prefix(2000))
        self.line = line
        self.column = column
    }
}

enum Outcome {
    /// The value's JSON.
    case json(String)
    case failure(Fault)
}

/// The frame that goes back: `{"outcomes": [{"value": …} | {"error": {"script", "message",
/// "line", "column"}}], "links": {…}?}`, or `{"killed": "time"|"memory"}`, or `{"refused": "why"}`.
struct Answer {
    private var outcomes: [String] = []
    private var size = 0
    /// All values of a job together.
    static let sizeLimit = 16 << 20

    mutating func add(_ outcome: Outcome) {
        let text =
            switch outcome {
            case .json(let value): #"{"value":\#(value)}"#
            case .failure(let fault): Answer.error(fault)
            }
        size += text.utf8.count
        outcomes.append(size <= Answer.sizeLimit ? text : Answer.tooLarge)
    }

    func bytes(links: String?) -> [UInt8] {
        let tail = links.map { #","links":\#($0)"# } ?? ""
        let text = #"{"outcomes":[\#(outcomes.joined(separator: ","))]\#(tail)}"#
        return Array(text.utf8)
    }

    static func killed(_ verdict: Watchdog.Verdict) -> [UInt8] {
        Array(#"{"killed":"\#(verdict.rawValue)"}"#.utf8)
    }

    static func refused(_ why: String) -> [UInt8] {
        Array(#"{"refused":\#(quoted(why))}"#.utf8)
    }

    private static func error(_ fault: Fault) -> String {
        let script = quoted(fault.script)
        let message = quoted(fault.message)
        let place = #""line":\#(fault.line),"column":\#(fault.column)"#
        return #"{"error":{"script":\#(script),"message":\#(message),\#(place)}}"#
    }

    private static var tooLarge: String {
        let message = quoted("the results are larger than \(sizeLimit >> 20) MiB")
        return #"{"error":{"script":"","message":\#(message),"line":0}}"#
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
