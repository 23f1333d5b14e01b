import RPC

/// A language of the pages.
enum Language: String, Sendable, CaseIterable {
    case english = "en"
    case german = "de"
    case czech = "cs"

    /// `de` of `de-AT` too; English where there is none.
    init(nearest tag: String) {
        let code = tag.lowercased().prefix { $0 != "-" && $0 != "_" }
        self = Language(rawValue: String(code)) ?? .english
    }

    /// The first of a browser's languages that there is; `Accept-Language` weighs them by `q`.
    init(accepting header: String?) {
        let wanted = (header ?? "").split(separator: ",").prefix(20).map { item in
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " } }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
            return (
                code: String(parts.first?.lowercased().prefix { $0 != "-" } ?? ""),
                weight: weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            )
        }
        let best = wanted.filter { $0.weight > 0 && Language(rawValue: $0.code) != nil }
            .max { $0.weight < $1.weight }
        self = Language(nearest: best?.code ?? "")
    }

    /// What it calls itself.
    var name: String {
        switch self {
        case .english: "English"
        case .german: "Deutsch"
        case .czech: "Čeština"
        }
    }
}

/// What the pages say. A text is one line with all its languages, so that none can be forgotten;
/// the texts of a part of the pages stand in an extension beside it.
struct Texts: Sendable {
    let tongue: Language

    /// The language as a tag: `en`.
    var language: String { tongue.rawValue }

    /// The nearest language that there is.
    static func find(_ language: String) -> Texts { Texts(tongue: Language(nearest: language)) }

    /// The one of three that is in this language.
    func say(_ english: String, _ german: String, _ czech: String) -> String {
        switch tongue {
        case .english: english
        case .german: german
        case .czech: czech
        }
    }

    /// A number of things: Czech has a form of its own for two to four.
    func say(
        _ count: Int64, _ english: (one: String, many: String),
        _ german: (one: String, many: String),
        _ czech: (one: String, few: String, many: String)
    ) -> String {
        let noun =
            switch (tongue, count) {
            case (.english, 1): english.one
            case (.english, _): english.many
            case (.german, 1): german.one
            case (.german, _): german.many
            case (.czech, 1): czech.one
            case (.czech, 2...4): czech.few
            case (.czech, _): czech.many
            }
        return "\(number(count)) \(noun)"
    }

    /// A text for people in this language, or the nearest there is.
    func pick(_ texts: [String: String], else code: String) -> String {
        texts[language] ?? texts["en"] ?? texts[""] ?? texts.min { $0.key < $1.key }?.value ?? code
    }

    // MARK: Numbers and times

    /// `1,234,567`, as the language groups digits; a blank that does not break in Czech.
    func number(_ number: Int64) -> String { grouped(String(number)) }

    /// A decimal number in its plain form, `-1234.50`, as the language writes it. What is no
    /// plain decimal stays as it is.
    func decimal(_ text: String) -> String {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ $0.allSatisfy { $0.isNumber || $0 == "-" } })
        else { return text }
        let whole = grouped(String(parts[0]))
        return parts.count == 1 ? whole : whole + say(".", ",", ",") + parts[1]
    }

    private func grouped(_ digits: String) -> String {
        let separator = say(",", ".", "\u{A0}")
        let (sign, plain) =
            digits.hasPrefix("-") ? ("-", digits.dropFirst()) : ("", digits[...])
        var text = ""
        for (index, digit) in plain.enumerated() {
            if index > 0, (plain.count - index).isMultiple(of: 3) { text += separator }
            text.append(digit)
        }
        return sign + text
    }

    /// `2026-11-23` as people write it: `23 Nov 2026`, `23.11.2026`, `23. 11. 2026`. What is no day
    /// stays as it is.
    func day(_ text: String) -> String {
        let parts = text.prefix(10).split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, (1...12).contains(parts[1]) else { return text }
        let two = { (number: Int) in number < 10 ? "0\(number)" : String(number) }
        return say(
            "\(parts[2]) \(Texts.months[parts[1] - 1]) \(parts[0])",
            "\(two(parts[2])).\(two(parts[1])).\(parts[0])",
            "\(parts[2]). \(parts[1]). \(parts[0])")
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// A size as people say it.
    func bytes(_ count: Int64) -> String {
        switch count {
        case ..<1024: say(count, ("byte", "bytes"), ("Byte", "Byte"), ("bajt", "bajty", "bajtů"))
        case ..<(1 << 20): "\(number(count >> 10)) KiB"
        default: "\(number(count >> 20)) MiB"
        }
    }

    /// A length of time in milliseconds as people say it: `3 s`, `2 min`, `4 h`, `5 d`.
    func duration(milliseconds: Int64) -> String {
        switch milliseconds {
        case ..<1000: "\(max(milliseconds, 0)) ms"
        case ..<120_000: "\(milliseconds / 1000) s"
        case ..<7_200_000: "\(milliseconds / 60_000) min"
        case ..<172_800_000: "\(milliseconds / 3_600_000) h"
        default: "\(number(milliseconds / 86_400_000)) d"
        }
    }
}

extension Caller {
    /// What the pages say to this caller: in the account's language, or in the browser's.
    var texts: Texts {
        identity.map { Texts.find($0.principal.language) }
            ?? Texts(tongue: Language(accepting: accepted))
    }
}
