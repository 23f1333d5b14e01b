import Contracts
import JSON
import ServiceRuntime

/// Reads one workflow; how its steps hang together is checked by `WorkflowGraph`.
struct WorkflowReader {
    private let reader: ModelReader
    private let item: ObjectReader

    static let stepLimit = 1000

    init(_ reader: ModelReader, _ item: ObjectReader) {
        self.reader = reader
        self.item = item
    }

    func read() -> WorkflowDefinition? {
        let code = item.code()
        item.ignore("name")
        let type = reader.reference(item, "class", to: "classes", required: false)
        let start = item.string("start", required: true) ?? ""
        let items = reader.unique(item.list("steps"))
        if items.isEmpty, item.given("steps")?.array?.isEmpty ?? true {
            item.fault("steps", "required", "A workflow has at least one step.")
        }
        if items.count > WorkflowReader.stepLimit {
            item.fault(
                "steps", "out-of-range", "At most \(WorkflowReader.stepLimit) steps are allowed.")
            return nil
        }
        let steps = items.map { StepReader(reader, $0, type: type).read() }
        item.finish()
        let read = steps.compactMap(\.self)
        let definition = WorkflowDefinition(code: code, type: type, start: start, steps: read)
        // A step that could not be read would make the graph look wrong where it is not.
        if read.count == items.count, !items.isEmpty {
            WorkflowGraph(definition, pointer: item.pointer, problems: reader.problems).check()
        }
        return definition
    }
}
