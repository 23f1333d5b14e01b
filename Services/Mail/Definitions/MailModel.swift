import Contracts
import JSON

/// What Mail needs of a model document.
struct MailModel: Sendable {
    var mailboxes: [MailboxDefinition] = []
    var notifications: [String: NotificationDefinition] = [:]
    var groups: [String: DistributionGroup] = [:]

    /// Reads mailboxes, notifications and distribution groups; `problems` has every fault with its
    /// pointer.
    init(code: String, document: JSONValue, problems: ObjectReader.Problems) {
        let reader = ObjectReader(document, at: "", problems: problems)
        let names = DocumentNames(document)
        var seen: Set<String> = []
        for item in reader.list("mailboxes") {
            MailModel.checkUnique(item, "mailbox", &seen)
            if let mailbox = MailboxDefinition(item, model: code, names: names) {
                mailboxes.append(mailbox)
            }
        }
        seen.removeAll()
        for item in reader.list("notifications") {
            MailModel.checkUnique(item, "notification", &seen)
            if let notification = NotificationDefinition(item) {
                notifications[notification.code] = notification
            }
        }
        seen.removeAll()
        for item in reader.list("distributionGroups") {
            MailModel.checkUnique(item, "distribution group", &seen)
            if let group = DistributionGroup(item) { groups[group.code] = group }
        }
    }

    private static func checkUnique(
        _ item: ObjectReader, _ kind: String, _ seen: inout Set<String>
    ) {
        guard let code = item.object["code"]?.string else { return }
        if !seen.insert(code).inserted {
            item.fault("code", "duplicate", "Another \(kind) has the code “\(code)”.")
        }
    }
}

/// What else the document names, for references. Whatever is malformed there is another service's
/// to report.
struct DocumentNames {
    /// By class: its own columns, and the class it inherits from.
    private(set) var classes: [String: (columns: Set<String>, parent: String?)] = [:]
    private(set) var scripts: Set<String> = []
    private(set) var events: Set<String> = []

    init(_ document: JSONValue) {
        for item in document["classes"]?.array ?? [] {
            guard let code = item["code"]?.string else { continue }
            let columns = (item["columns"]?.array ?? []).compactMap { $0["code"]?.string }
            classes[code] = (Set(columns), item["parent"]?.string)
        }
        scripts = Set((document["scripts"]?.array ?? []).compactMap { $0["code"]?.string })
        events = Set((document["events"]?.array ?? []).compactMap { $0["code"]?.string })
    }

    /// A class, and those of this document that inherit from it.
    func family(of type: FullCode, in model: String) -> Set<FullCode> {
        var family = Set([type])
        var grown = 0
        while grown != family.count {
            grown = family.count
            for (code, found) in classes {
                guard let parent = found.parent else { continue }
                let above = FullCode(parent) ?? FullCode(model: model, code: parent)
                if family.contains(above) { family.insert(FullCode(model: model, code: code)) }
            }
        }
        return family
    }

    /// Own and inherited columns; nil where a class of another model is among them.
    func columns(of type: FullCode) -> Set<String>? {
        var result: Set<String> = []
        var next: String? = type.code
        // A cycle is Records' to report.
        for _ in 0...classes.count {
            guard let code = next else { return result }
            guard let found = classes[code] else { return nil }
            result.formUnion(found.columns)
            next = found.parent
        }
        return nil
    }
}
