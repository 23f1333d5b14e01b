/// A piece of a page. Only this builder makes one, and it escapes every text and every value of an
/// attribute, so that nothing a person typed can become markup.
struct HTML: Sendable, Equatable {
    fileprivate(set) var bytes: [UInt8] = []

    static let nothing = HTML()

    fileprivate init() {}

    /// A text, escaped.
    init(_ text: String) {
        HTML.escape(text, into: &bytes)
    }

    static func += (html: inout HTML, more: HTML) { html.bytes += more.bytes }

    /// A whole document.
    static func document(@HTMLBuilder _ content: () -> HTML) -> [UInt8] {
        Array("<!DOCTYPE html>\n".utf8) + content().bytes + [10]
    }

    fileprivate static func escape(_ text: String, into bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&#39;".utf8
            default: bytes.append(byte)
            }
        }
    }
}

/// The elements that pages are made of.
enum Tag: String, Sendable {
    case html, head, title, meta, link, script, body
    case header, nav, main, footer, section, article
    case h1, h2, h3, p, div, span, small, strong, code, pre, time
    case a, ul, ol, li, dl, dt, dd
    case table, caption, thead, tbody, tfoot, tr, th, td
    case form, fieldset, legend, label, input, select, option, datalist, textarea, button
    case details, summary, hr, br, img, iframe, progress
    case svg, g, path, rect, circle, line, polyline, text

    fileprivate var isVoid: Bool {
        switch self {
        case .meta, .link, .input, .hr, .br, .img: true
        default: false
        }
    }
}

/// An attribute: the names are ours, the values are escaped, and addresses are of our own pages.
struct Attribute: Sendable {
    fileprivate let prefix: StaticString
    fileprivate let name: StaticString
    fileprivate let value: String?

    private init(prefix: StaticString = "", _ name: StaticString, _ value: String?) {
        self.prefix = prefix
        self.name = name
        self.value = value
    }

    static func `class`(_ value: StaticString) -> Attribute { Attribute("class", "\(value)") }
    static func id(_ value: String) -> Attribute { Attribute("id", value) }
    static func name(_ value: String) -> Attribute { Attribute("name", value) }
    static func value(_ value: String) -> Attribute { Attribute("value", value) }
    static func type(_ value: StaticString) -> Attribute { Attribute("type", "\(value)") }
    static func title(_ value: String) -> Attribute { Attribute("title", value) }
    static func placeholder(_ value: String) -> Attribute { Attribute("placeholder", value) }
    static func `for`(_ id: String) -> Attribute { Attribute("for", id) }
    static func lang(_ value: String) -> Attribute { Attribute("lang", value) }
    static func href(_ link: Link) -> Attribute { Attribute("href", link.text) }
    static func action(_ link: Link) -> Attribute { Attribute("action", link.text) }
    /// Where one button of a form sends it.
    static func formAction(_ link: Link) -> Attribute { Attribute("formaction", link.text) }
    /// The source of a script, a picture or a frame.
    static func source(_ link: Link) -> Attribute { Attribute("src", link.text) }
    /// What a picture shows, for who does not see it.
    static func alt(_ text: String) -> Attribute { Attribute("alt", text) }
    /// What the script finds its places by: `data("expires", …)` is `data-expires`.
    static func data(_ name: StaticString, _ value: String = "") -> Attribute {
        Attribute(prefix: "data-", name, value)
    }
    static func role(_ role: Role) -> Attribute { Attribute("role", role.rawValue) }
    /// What a drawing is made of: numbers, and points of them.
    static func shape(_ name: StaticString, _ value: String) -> Attribute { Attribute(name, value) }
    /// The form that a field outside of it belongs to.
    static func form(_ id: String) -> Attribute { Attribute("form", id) }
    static func datetime(_ value: String) -> Attribute { Attribute("datetime", value) }
    static func aria(_ name: Aria, _ value: String) -> Attribute { Attribute(name.name, value) }
    /// Any other attribute whose value is a constant of ours.
    static func fixed(_ name: StaticString, _ value: StaticString) -> Attribute {
        Attribute(name, "\(value)")
    }
    static func number(_ name: StaticString, _ value: Int64) -> Attribute {
        Attribute(name, String(value))
    }

    static let post = Attribute("method", "post")
    static let get = Attribute("method", "get")
    static let required = Attribute("required", nil)
    static let checked = Attribute("checked", nil)
    static let selected = Attribute("selected", nil)
    static let disabled = Attribute("disabled", nil)
    static let multiple = Attribute("multiple", nil)
    static let open = Attribute("open", nil)
    static let readonly = Attribute("readonly", nil)
    static let hidden = Attribute("hidden", nil)
    static let autofocus = Attribute("autofocus", nil)

    /// What an element is to assistive technology.
    enum Role: String, Sendable {
        case alert, status, search, img, group
    }

    /// What assistive technology reads.
    struct Aria: Sendable {
        fileprivate let name: StaticString
        static let label = Aria(name: "aria-label")
        static let describedBy = Aria(name: "aria-describedby")
        static let invalid = Aria(name: "aria-invalid")
        static let current = Aria(name: "aria-current")
        static let sort = Aria(name: "aria-sort")
        static let hidden = Aria(name: "aria-hidden")
        static let labelledBy = Aria(name: "aria-labelledby")
        static let expanded = Aria(name: "aria-expanded")
        static let live = Aria(name: "aria-live")
        static let busy = Aria(name: "aria-busy")
        static let controls = Aria(name: "aria-controls")
    }
}

/// An element with its content. A nil attribute is left out.
func tag(
    _ tag: Tag, _ attributes: Attribute?..., @HTMLBuilder content: () -> HTML = { .nothing }
) -> HTML {
    var html = HTML()
    let name = tag.rawValue.utf8
    html.bytes.append(UInt8(ascii: "<"))
    html.bytes += name
    for case let attribute? in attributes {
        html.bytes.append(UInt8(ascii: " "))
        html.bytes += "\(attribute.prefix)\(attribute.name)".utf8
        guard let value = attribute.value else { continue }
        html.bytes += "=\"".utf8
        HTML.escape(value, into: &html.bytes)
        html.bytes.append(UInt8(ascii: "\""))
    }
    html.bytes.append(UInt8(ascii: ">"))
    if tag.isVoid { return html }
    // A reader drops the first line end of these two; one of ours saves the text's own.
    if tag == .textarea || tag == .pre { html.bytes.append(10) }
    html.bytes += content().bytes
    html.bytes += "</".utf8
    html.bytes += name
    html.bytes.append(UInt8(ascii: ">"))
    return html
}

/// Lets texts, elements, conditions and loops stand one under the other.
@resultBuilder
enum HTMLBuilder {
    static func buildExpression(_ text: String) -> HTML { HTML(text) }
    static func buildExpression(_ html: HTML) -> HTML { html }
    static func buildBlock(_ parts: HTML...) -> HTML { joined(parts) }
    static func buildOptional(_ part: HTML?) -> HTML { part ?? .nothing }
    static func buildEither(first part: HTML) -> HTML { part }
    static func buildEither(second part: HTML) -> HTML { part }
    static func buildArray(_ parts: [HTML]) -> HTML { joined(parts) }

    private static func joined(_ parts: [HTML]) -> HTML {
        var html = HTML()
        html.bytes.reserveCapacity(parts.reduce(0) { $0 + $1.bytes.count })
        for part in parts { html.bytes += part.bytes }
        return html
    }
}
