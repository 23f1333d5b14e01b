/// Tells mail that machines send, which nothing automatic may ever answer.
enum AutomaticMail {
    /// Why a mail is automatic, or nil for a person's.
    static func reason(_ header: HeaderBlock, rootType: String) -> String? {
        func word(_ name: String) -> String? {
            header.first(name).map {
                ASCII.lowercased(
                    ASCII.trimmed($0[...]).prefix {
                        !ASCII.isSpace($0) && $0 != ASCII.semicolon && $0 != ASCII.open
                    })
            }
        }
        if let value = word("auto-submitted"), value != "no", !value.isEmpty {
            return "auto-submitted"
        }
        if let value = word("precedence"), ["bulk", "list", "junk", "auto_reply"].contains(value) {
            return "precedence"
        }
        if let path = header.first("return-path"), word("return-path") == "<>" || path.isEmpty {
            return "return-path"
        }
        if rootType == "multipart/report" { return "report" }
        if header.first("x-auto-response-suppress") != nil { return "x-auto-response-suppress" }
        if header.first("list-id") != nil { return "list-id" }
        if header.first("x-autoreply") != nil || header.first("x-autorespond") != nil {
            return "x-autoreply"
        }
        return nil
    }
}
