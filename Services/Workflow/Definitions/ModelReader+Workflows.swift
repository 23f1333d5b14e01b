import Contracts
import JSON

extension ModelReader {
    /// A workflow with a class runs on records of that class only; `type` is of what starts it.
    func fitting(
        _ workflow: FullCode?, _ item: ObjectReader, _ member: String, _ type: FullCode?
    ) -> FullCode? {
        guard let workflow, workflow.model == model,
            let text = document.workflowClasses[workflow.code]
        else { return workflow }
        guard let type else {
            item.fault(
                member, "not-allowed", "The workflow runs on “\(text)”, and here is no record.")
            return workflow
        }
        guard type.model != model || document.has(type.code, in: "classes") else {
            return workflow
        }
        // What is on a class may start what runs on a class that it inherits from.
        let line = type.model == model ? document.line(of: type.code) : [type.code]
        let fits = line.contains {
            let ancestor = FullCode(model: type.model, code: $0)
            return text == ancestor.description || FullCode(model: model, code: text) == ancestor
        }
        if !fits {
            item.fault(member, "not-allowed", "The workflow runs on “\(text)”, not on “\(type)”.")
        }
        return workflow
    }
}
