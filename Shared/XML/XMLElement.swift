/// A whole element with what is in it, for answers that fit into memory.
public struct XMLElement: Sendable, Hashable {
    public var name: XMLName
    public var attributes: [XMLAttribute]
    public var children: [XMLElement] = []
    /// Its own text, without that of its children.
    public var text = ""

    /// The most elements of a document that is read whole.
    public static let countLimit = 500_000

    /// Reads a whole document.
    public init(parsing bytes: [UInt8], limits: XMLLimits = XMLLimits()) throws(XMLError) {
        var reader = XMLReader(limits: limits)
        reader.feed(bytes)
        reader.end()
        var stack: [XMLElement] = []
        var root: XMLElement?
        var count = 0
        while let event = try reader.next() {
            switch event {
            case .start(let name, let attributes):
                count += 1
                guard count <= XMLElement.countLimit else {
                    throw reader.fault("there are more than \(XMLElement.countLimit) elements")
                }
                stack.append(XMLElement(name: name, attributes: attributes))
            case .text(let text):
                if !stack.isEmpty { stack[stack.count - 1].text += text }
            case .end:
                guard let element = stack.popLast() else { continue }
                if stack.isEmpty {
                    root = element
                } else {
                    stack[stack.count - 1].children.append(element)
                }
            }
        }
        guard let root else { throw reader.fault("the document has no element") }
        self = root
    }

    private init(name: XMLName, attributes: [XMLAttribute]) {
        self.name = name
        self.attributes = attributes
    }

    /// An attribute without a namespace.
    public subscript(attribute attribute: String) -> String? {
        attributes.first { $0.name.namespace.isEmpty && $0.name.local == attribute }?.value
    }

    /// The first child of that local name, in any namespace.
    public func child(_ local: String) -> XMLElement? {
        children.first { $0.name.local == local }
    }

    /// The first of that local name in any depth, itself included.
    public func first(_ local: String) -> XMLElement? {
        var waiting = [self]
        while let element = waiting.popLast() {
            if element.name.local == local { return element }
            waiting += element.children.reversed()
        }
        return nil
    }
}

/// Text on its way into a document.
public enum XMLText {
    /// For text and for values in double quotes. What no document may hold is left out.
    public static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where XMLReader.isAllowed(scalar) {
            switch scalar {
            case "&": result += "&amp;".unicodeScalars
            case "<": result += "&lt;".unicodeScalars
            case ">": result += "&gt;".unicodeScalars
            case "\"": result += "&quot;".unicodeScalars
            case "\r": result += "&#13;".unicodeScalars
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
