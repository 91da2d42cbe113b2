internal import ArgumentParser
internal import DataSets
internal import Screening

/// A command that works on a person's own files. Its errors name them, first and always: the rule that hides names is the journal's.
protocol OwnFilesCommand {}

/// What is said of the masks of data-set folders.
struct MaskValuesOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the masks' values mean where that cannot be known: 0=outside,255=polyp or 255=outside,128=disc,0=cup; NAME:0=outside,... for one data set.",
            valueName: "values"))
    var maskValues: [String] = []

    /// Opens data-set folders, looks at all their masks, and says in a line each what they hold.
    func sets(_ folders: [String], for task: ModelTask, on bar: ProgressBar) throws(PapillaError) -> [DataSet] {
        let values = try MaskValuesByFolder(maskValues)
        let sets = try folders.map { folder throws(PapillaError) in
            let set = try DataSet(directory: folder, stated: values[folder])
            return try set.surveyed(for: task) { done, all in
                bar.show(Double(done) / Double(all), "looking at the masks of \(set.name): \(done)/\(all)")
            }
        }
        bar.end()
        for set in sets {
            guard let survey = set.survey, survey.masks > 0 else { continue }
            bar.note("\(set.name): \(survey.line)")
            for words in survey.notes { bar.note(words) }
        }
        return sets
    }

    /// Refuses values for a folder that is not named.
    func check(_ folders: [String]) throws(PapillaError) { try MaskValuesByFolder(maskValues).check(folders) }
}
