import JSON

/// Columns to be added: a row each, with what one knows at once.
extension ClassForm {
    /// Types as a person thinks of them; what is no type of a definition is one with a member.
    private static let newTypes = [
        "text", "lines", "integer", "decimal", "boolean", "date", "datetime", "choice",
        "reference", "account", "unit", "files", "json", "guid", "sequence", "computed",
    ]

    func newColumns() -> HTML {
        let inputs = main.inputs
        let texts = main.texts
        let typed = inputs?.rows("n.") ?? 0
        // Types are always there; rows of which nothing was typed are spare ones.
        let used = (0..<typed).last { !(inputs?["n.\($0).name"] ?? "").isEmpty }.map { $0 + 1 }
        let count = (used ?? 0) + (isNew ? ClassForm.newRows : 3)
        return tag(
            .div, .class("scroll rows"), .fixed("tabindex", "0"), .role(.group),
            .aria(.label, texts.modelNewColumns)
        ) {
            tag(.table) {
                tag(.caption) { texts.modelNewColumns }
                tag(.thead) {
                    tag(.tr) {
                        for head in [
                            texts.name, texts.kind, texts.modelNewMore, texts.modelNeeded,
                        ] {
                            tag(.th, .fixed("scope", "col")) { head }
                        }
                    }
                }
                tag(.tbody) {
                    for index in 0..<count { newRow(index) }
                }
            }
            tag(.datalist, .id("classes")) {
                for code in main.standing.codes(.classes) { tag(.option, .value(code)) }
            }
        }
    }

    @HTMLBuilder private func newRow(_ index: Int) -> HTML {
        let texts = main.texts
        let inputs = main.inputs
        let faults = newFaults[index]
        let type = inputs?["n.\(index).type"] ?? (isNew && index == 1 ? "lines" : "text")
        let label = { (name: String) in "\(name) \(index + 1)" }
        tag(.tr) {
            tag(.td) {
                tag(
                    .input, .type("text"), .name("n.\(index).name"),
                    .aria(.label, label(texts.name)),
                    .value(inputs?["n.\(index).name"] ?? ""),
                    isNew && index < 3
                        ? .placeholder(texts.modelColumnExamples[index]) : nil,
                    faults == nil ? nil : .aria(.invalid, "true"))
            }
            tag(.td) {
                tag(.select, .name("n.\(index).type"), .aria(.label, label(texts.kind))) {
                    for word in ClassForm.newTypes {
                        tag(.option, .value(word), word == type ? .selected : nil) {
                            texts.modelWord(word)
                        }
                    }
                }
            }
            tag(.td) {
                tag(
                    .input, .type("text"), .name("n.\(index).more"),
                    .aria(.label, label(texts.modelNewMore)), .fixed("list", "classes"),
                    .value(inputs?["n.\(index).more"] ?? ""))
            }
            tag(.td) {
                tag(
                    .input, .type("checkbox"), .name("n.\(index).required"), .value("true"),
                    .aria(.label, label(texts.modelNeeded)),
                    inputs?["n.\(index).required"] == "true" ? .checked : nil)
            }
        }
        if let faults {
            tag(.tr) {
                tag(.td, .fixed("colspan", "4")) {
                    for fault in faults { tag(.p, .class("fault")) { fault } }
                }
            }
        }
    }
}
