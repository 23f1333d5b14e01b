import Contracts
import JSON

/// What happened to a record, and the way back to an earlier version.
extension RecordPage {
    /// Newest first: what happened last is what one looks for.
    func changes() -> HTML {
        tag(.section, .class("card"), .aria(.labelledBy, "history")) {
            tag(.h2, .id("history")) { texts.history }
            if history.isEmpty {
                tag(.p, .class("quiet")) { texts.noHistory }
            } else {
                tag(.ol, .class("changes")) { for item in history { change(item) } }
            }
        }
    }

    private func change(_ item: JSONValue) -> HTML {
        let columns = Dictionary(
            type.columns.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        let version = item["version"]?.integer
        return tag(.li) {
            tag(.strong) { item["account"]?.string ?? texts.empty }
            " \(texts.operation(item["operation"]?.string ?? "")) "
            tag(.span, .class("quiet")) {
                texts.door(item["door"]?.string ?? "") + ", "
                texts.moment(item["time"]?.string ?? "")
                if let version { " · " + texts.version(version) }
            }
            tag(.dl) {
                for change in item["changes"]?.array ?? [] {
                    if let column = change["column"]?.string.flatMap({ columns[$0] }) {
                        difference(column, change)
                    }
                }
            }
            if let version { restoration(version) }
        }
    }

    @HTMLBuilder private func difference(
        _ column: ClassDescription.Column, _ change: JSONValue
    ) -> HTML {
        let value = ColumnValue(column: column, texts: texts)
        tag(.dt) { texts.pick(column.name, else: column.code) }
        tag(.dd) {
            if let old = change["old"], !old.isNull {
                tag(.span, .class("old")) { value.shown(old, limit: 500) }
                " → "
            }
            value.shown(change["new"], limit: 500)
        }
    }

    /// Every version but the one that stands can be put back.
    @HTMLBuilder private func restoration(_ version: Int64) -> HTML {
        if mayChange, version < record["version"]?.integer ?? 0 {
            tag(.form, .post, .action(link("restore"))) {
                pages.csrf(caller)
                self.version()
                tag(.input, .type("hidden"), .name("to"), .value(String(version)))
                tag(.button, .class("button small"), .type("submit")) {
                    texts.restoreVersion(version)
                }
            }
        }
    }
}
