/// Addresses that people and programs give us to send to: strict, since they go into SMTP commands
/// and headers.
enum AddressSyntax {
    /// RFC 5321 §4.5.3.1.
    static let localBytes = 64
    static let addressBytes = 254
    static let nameBytes = 500

    /// Reads `anna@example.org` or `Anna Nowak <anna@example.org>`; the failure is a sentence.
    static func read(_ input: String) -> Result<MailAddress, AddressFault> {
        if let control = input.unicodeScalars.first(where: isControl) {
            let code = String(control.value, radix: 16, uppercase: true)
            return .failure(AddressFault("holds the control character U+\(padded(code))"))
        }
        let text = input.trimmingSpaces()
        guard text.last == ">" else { return bare(text, name: "") }
        guard let open = text.lastIndex(of: "<") else {
            return .failure(AddressFault("has a closing angle bracket without an opening one"))
        }
        let address = String(text[text.index(after: open)...].dropLast())
        return bare(address, name: name(String(text[..<open])))
    }

    /// C0, DEL, C1 and the line separators of Unicode: none belongs into a header.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<32, 127..<160, 0x2028, 0x2029: true
        default: false
        }
    }

    private static func padded(_ hex: String) -> String {
        String(repeating: "0", count: max(0, 4 - hex.utf8.count)) + hex
    }

    private static func name(_ text: String) -> String {
        let trimmed = text.trimmingSpaces()
        guard trimmed.utf8.count >= 2, trimmed.first == "\"", trimmed.last == "\"" else {
            return trimmed
        }
        var result = ""
        var isEscaped = false
        for character in trimmed.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }

    private static func bare(_ address: String, name: String) -> Result<MailAddress, AddressFault> {
        func fault(_ text: String) -> Result<MailAddress, AddressFault> {
            .failure(AddressFault(text))
        }
        guard !address.isEmpty else { return fault("is empty") }
        guard address.utf8.count <= addressBytes else {
            return fault("is longer than \(addressBytes) bytes")
        }
        guard name.utf8.count <= nameBytes else {
            return fault("has a name longer than \(nameBytes) bytes")
        }
        guard let at = address.lastIndex(of: "@") else { return fault("has no @") }
        let local = address[..<at]
        let domain = address[address.index(after: at)...]
        guard local.utf8.count <= localBytes else {
            return fault("has more than \(localBytes) bytes before the @")
        }
        guard isLocalPart(local) else { return fault("is not valid before the @") }
        guard isDomain(domain) else { return fault("has no valid domain after the @") }
        return .success(MailAddress(name: name, address: address))
    }

    /// A dot-atom or a quoted string.
    private static func isLocalPart(_ local: Substring) -> Bool {
        if local.first == "\"" {
            guard local.utf8.count >= 3, local.last == "\"" else { return false }
            var isEscaped = false
            for byte in local.utf8.dropFirst().dropLast() {
                if isEscaped {
                    isEscaped = false
                } else if byte == ASCII.backslash {
                    isEscaped = true
                } else if byte == ASCII.quote {
                    return false
                }
            }
            return !isEscaped
        }
        let atoms = local.split(separator: ".", omittingEmptySubsequences: false)
        return atoms.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isAtomByte) }
    }

    static func isAtomByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte >= 128
            || atomSpecials.contains(byte)
    }

    private static let atomSpecials = Array("!#$%&'*+-/=?^_`{|}~".utf8)

    private static func isDomain(_ domain: Substring) -> Bool {
        if domain.first == "[", domain.last == "]" {
            return domain.utf8.count > 2
                && domain.utf8.dropFirst().dropLast().allSatisfy {
                    ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.dot
                        || $0 == ASCII.colon
                }
        }
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy {
                    ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.dash || $0 >= 128
                }
        }
    }
}

/// What is wrong with an address, as the rest of a sentence that begins with it.
struct AddressFault: Error, Hashable {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
