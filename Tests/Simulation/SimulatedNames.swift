// SPDX-License-Identifier: Apache-2.0

/// The tree of names, as the running system sees it and as the platter has it.
struct SimulatedNames {
    enum Entry: Hashable {
        case directory(Int)
        case file(Int)
    }

    private struct Directory {
        var live: [String: Entry] = [:]
        var durable: [String: Entry] = [:]
    }

    /// What one operation did to names; all of it survives a crash or nothing, as a journal promises.
    private struct Pending {
        let ordinal: Int
        let edits: [Edit]
    }

    private struct Edit {
        let directory: Int
        let name: String
        let entry: Entry?
    }

    /// A name and the directory it is or would be in.
    struct Place: Hashable {
        let directory: Int
        let name: String
    }

    private static let root = 0
    private var directories: [Int: Directory] = [root: Directory()]
    private var lastDirectory = root
    private var pending: [Pending] = []

    var unsynchronizedOrdinals: [Int] { pending.map(\.ordinal) }

    // MARK: Looking

    /// - Throws: ENOENT or ENOTDIR as an errno when the directory above is not there.
    func place(of path: String) throws(SystemError) -> Place {
        let names = path.split(separator: "/").map(String.init)
        var directory = Self.root
        for name in names.dropLast() {
            switch directories[directory]?.live[name] {
            case .directory(let next): directory = next
            case .file: throw .notDirectory
            case nil: throw .absent
            }
        }
        return Place(directory: directory, name: names[names.count - 1])
    }

    func entry(at place: Place) -> Entry? { directories[place.directory]?.live[place.name] }

    func directory(_ path: String) throws(SystemError) -> Int {
        guard !path.isEmpty else { return Self.root }
        switch entry(at: try place(of: path)) {
        case .directory(let found): return found
        case .file: throw .notDirectory
        case nil: throw .absent
        }
    }

    func names(in directory: Int) -> [String] { (directories[directory]?.live ?? [:]).keys.sorted() }

    private func isEmpty(_ entry: Entry) -> Bool {
        guard case .directory(let number) = entry else { return true }
        return directories[number]?.live.isEmpty ?? true
    }

    // MARK: Changing

    mutating func createDirectory(at place: Place, ordinal: Int) throws(SystemError) {
        guard entry(at: place) == nil else { throw .exists }
        lastDirectory += 1
        directories[lastDirectory] = Directory()
        change(ordinal, [Edit(directory: place.directory, name: place.name, entry: .directory(lastDirectory))])
    }

    mutating func link(_ file: Int, at place: Place, ordinal: Int) {
        change(ordinal, [Edit(directory: place.directory, name: place.name, entry: .file(file))])
    }

    /// - Returns: What had the name.
    mutating func remove(at place: Place, ordinal: Int) throws(SystemError) -> Entry {
        guard let entry = entry(at: place) else { throw .absent }
        guard isEmpty(entry) else { throw .notEmpty }
        change(ordinal, [Edit(directory: place.directory, name: place.name, entry: nil)])
        return entry
    }

    /// - Returns: What had the target's name and has none now.
    mutating func rename(_ place: Place, to target: Place, ordinal: Int) throws(SystemError) -> Entry? {
        guard let moved = entry(at: place) else { throw .absent }
        let replaced = entry(at: target)
        guard place != target else { return nil }
        // The kernel looks at ancestry before it looks at what is a file.
        if case .directory(let number) = moved, isInside(target.directory, of: number) { throw .invalid }
        if case .directory(let number)? = replaced, isInside(place.directory, of: number) { throw .notEmpty }
        switch (moved, replaced) {
        case (.file, .directory): throw .isDirectory
        case (.directory, .file): throw .notDirectory
        case (_, let replaced?) where !isEmpty(replaced): throw .notEmpty
        default: break
        }
        change(
            ordinal,
            [
                Edit(directory: place.directory, name: place.name, entry: nil),
                Edit(directory: target.directory, name: target.name, entry: moved),
            ])
        return replaced
    }

    private func isInside(_ directory: Int, of ancestor: Int) -> Bool {
        guard directory != ancestor else { return true }
        return (directories[ancestor]?.live ?? [:]).values.contains { entry in
            guard case .directory(let child) = entry else { return false }
            return isInside(directory, of: child)
        }
    }

    private mutating func change(_ ordinal: Int, _ edits: [Edit]) {
        for edit in edits { directories[edit.directory]?.live[edit.name] = edit.entry }
        pending.append(Pending(ordinal: ordinal, edits: edits))
    }

    // MARK: Durability

    /// Makes the changes of a directory durable, and those that they build on.
    mutating func synchronize(_ directory: Int) {
        var wanted: Set<Int> = [directory]
        var kept: Set<Int> = []
        // Backwards: a rename between two directories drags along what was done before it in the other one.
        for one in pending.reversed() where one.edits.contains(where: { wanted.contains($0.directory) }) {
            wanted.formUnion(one.edits.map(\.directory))
            kept.insert(one.ordinal)
        }
        for one in pending where kept.contains(one.ordinal) { applyToDurable(one) }
        pending.removeAll { kept.contains($0.ordinal) }
    }

    private mutating func applyToDurable(_ change: Pending) {
        for edit in change.edits { directories[edit.directory]?.durable[edit.name] = edit.entry }
    }

    /// Keeps, per directory, a prefix of what was changed since its last synchronize.
    /// - Returns: Files that still have a name.
    mutating func crash(_ fate: inout CrashFate, counting counts: inout FaultCounts) -> Set<Int> {
        var blocked: Set<Int> = []
        for (directory, ordinals) in pendingByDirectory() {
            let kept = fate.keptPrefix(of: ordinals)
            if kept < ordinals.count { cuts[directory] = ordinals[kept] }
        }
        for one in pending {
            let touched = one.edits.map(\.directory)
            let isCut = touched.contains { blocked.contains($0) || one.ordinal >= cuts[$0] ?? .max }
            if isCut {
                blocked.formUnion(touched)
                counts.lostNameChanges += 1
            } else {
                applyToDurable(one)
            }
        }
        cuts = [:]
        pending = []
        return restart()
    }

    /// First operation lost in each directory, while a crash is worked out.
    private var cuts: [Int: Int] = [:]

    private func pendingByDirectory() -> [(directory: Int, ordinals: [Int])] {
        let touched = Set(pending.flatMap { $0.edits.map(\.directory) }).sorted()
        return touched.map { directory in
            let ordinals = pending.filter { $0.edits.contains { $0.directory == directory } }.map(\.ordinal)
            return (directory, ordinals)
        }
    }

    /// Files to which some crash from here on could leave a name.
    var filesAfterAnyCrash: Set<Int> {
        let entries = directories.values.flatMap(\.durable.values) + pending.flatMap { $0.edits.compactMap(\.entry) }
        return Set(entries.compactMap { if case .file(let file) = $0 { file } else { nil } })
    }

    private mutating func restart() -> Set<Int> {
        var files: Set<Int> = []
        var reached: [Int: Directory] = [:]
        var waiting = [Self.root]
        while let number = waiting.popLast() {
            let names = directories[number]?.durable ?? [:]
            reached[number] = Directory(live: names, durable: names)
            for entry in names.values {
                switch entry {
                case .directory(let child): waiting.append(child)
                case .file(let file): files.insert(file)
                }
            }
        }
        directories = reached
        return files
    }
}

/// The system's answers that the simulated disk gives, with their numbers on Linux.
enum SystemError: Int32, Error {
    case absent = 2
    case badDescriptor = 9
    case exists = 17
    case noDevice = 19
    case notDirectory = 20
    case isDirectory = 21
    case invalid = 22
    case noSpace = 28
    case notEmpty = 39
}
