// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension QuotaEntity {
    /// Fields 1 to 6: a name, or a flag for the default, of user, client id and address.
    func write(into fields: inout FieldWriter) {
        for (number, part) in zip([1, 3, 5] as [UInt32], [user, clientID, address]) {
            switch part {
            case .named(let name): fields.text(number, name)
            case .byDefault: fields.flag(number + 1, true)
            case nil: break
            }
        }
    }

    init(reading fields: FieldReader) throws(DecodeError) {
        self.init(
            user: try fields.quotaPart(1), clientID: try fields.quotaPart(3), address: try fields.quotaPart(5))
    }
}

extension QuotaKey {
    /// Field 7.
    init(reading fields: FieldReader) throws(DecodeError) {
        guard let known = QuotaKey(rawValue: try fields.text(7)) else { throw fields.invalid(7, 0) }
        self = known
    }
}

extension FieldReader {
    /// Field 8.
    func quotaLimit() throws(DecodeError) -> Double? {
        guard let limit = try optionalNumber(8) else { return nil }
        guard limit.isFinite, limit > 0 else { throw invalid(8, Int64(bitPattern: limit.bitPattern)) }
        return limit
    }

    fileprivate func quotaPart(_ number: UInt32) throws(DecodeError) -> QuotaEntity.Part? {
        if has(number) { return .named(try text(number)) }
        return has(number + 1) ? .byDefault : nil
    }
}
