// SPDX-License-Identifier: MIT
// The reader trusts nothing: every offset must be an allocated cell's, every cell is used once (so that neither rings
// nor shared cells make more of a file than it has bytes), and every length fits its cell.
#include "cm/hive.h"

#include "cm/hive_format.h"
#include "ob/namespace.h"
#include "rtl/security_descriptor.h"
#include "se/values.h"

#include <algorithm>
#include <set>

namespace ringside::cm {

using namespace hive;

namespace {

constexpr unsigned kLevelsMax = 512;
constexpr unsigned kListDepthMax = 2; // an ri holds leaves

std::string hex(uint64_t number)
{
    std::string digits;
    do
        digits.insert(digits.begin(), "0123456789abcdef"[number & 15]);
    while (number >>= 4);
    return "0x" + digits;
}

struct Refused {
    std::string words;
};

[[noreturn]] void refuse(uint32_t cell, std::string words) { throw Refused { "cell " + hex(cell) + ": " + words }; }

struct CellPlace {
    uint32_t offset; // of its contents
    uint32_t bytes;
    bool used;
};

class Reader {
public:
    explicit Reader(std::span<uint8_t const> bytes)
        : m_bytes(bytes)
    {
    }
    std::vector<HiveKey> read();

private:
    template <typename T>
    T at(size_t place) const
    {
        T value;
        std::memcpy(&value, m_bytes.data() + kBlock + place, sizeof value);
        return value;
    }
    BaseBlock check_base();
    void find_cells(uint32_t bins_bytes);
    // The contents of an allocated cell of at least so many bytes, which nobody used yet. `offset` is the file's.
    CellPlace take(uint32_t offset, size_t bytes, uint32_t from);
    std::u16string name_at(uint32_t place, uint16_t bytes, bool latin) const;

    void read_key(size_t index);
    void read_subkeys(size_t index, uint32_t list, uint32_t count, uint32_t from);
    void add_list(size_t index, uint32_t list, uint32_t from, unsigned depth);
    std::shared_ptr<DescriptorBytes const> descriptor_at(uint32_t offset, uint32_t from);
    void read_values(size_t index, KeyCell const& cell, uint32_t from);
    HiveValue read_value(uint32_t offset, uint32_t from);
    void read_data(HiveValue& value, ValueCell const& cell, uint32_t from);

    std::span<uint8_t const> m_bytes;
    std::vector<CellPlace> m_cells; // by offset
    std::vector<HiveKey> m_keys;
    std::vector<uint32_t> m_places; // the keys' cells
    std::map<uint32_t, std::shared_ptr<DescriptorBytes const>> m_descriptors; // by cell: keys share them
};

BaseBlock Reader::check_base()
{
    if (m_bytes.size() < kBlock + kBlock)
        throw Refused { "too short for a hive: " + std::to_string(m_bytes.size()) + " bytes" };
    BaseBlock base;
    std::memcpy(&base, m_bytes.data(), sizeof base);
    if (base.signature != kRegf)
        throw Refused { "not a hive: it does not begin with \"regf\"" };
    if (base.checksum != checksum_of(base))
        throw Refused { "the base block's checksum is wrong" };
    if (base.major != 1 || base.minor < 3 || base.minor > 6 || base.format != 1)
        throw Refused { "a hive of version " + std::to_string(base.major) + "." + std::to_string(base.minor)
                        + ", which is unknown" };
    if (base.type != 0)
        throw Refused { "the log of a hive, not a hive" };
    if (base.sequence1 != base.sequence2)
        throw Refused { "it was not written to its end: its log files would be needed" };
    if (base.bins_bytes % kBlock || !base.bins_bytes || base.bins_bytes > m_bytes.size() - kBlock)
        throw Refused { "bins of " + std::to_string(base.bins_bytes) + " bytes do not fit the file" };
    return base;
}

void Reader::find_cells(uint32_t bins_bytes)
{
    for (uint32_t bin = 0; bin < bins_bytes;) {
        auto const header = at<BinHeader>(bin);
        if (header.signature != kHbin || header.offset != bin)
            throw Refused { "bin " + hex(bin) + ": not the header of a bin" };
        if (!header.bytes || header.bytes % kBlock || header.bytes > bins_bytes - bin)
            throw Refused { "bin " + hex(bin) + ": a length of " + hex(header.bytes) };
        uint32_t const end = bin + header.bytes;
        for (uint32_t cell = bin + kBinHeader; cell < end;) {
            auto const size = int64_t { at<int32_t>(cell) };
            int64_t const bytes = size < 0 ? -size : size;
            if (bytes < 8 || bytes % 8 || bytes > end - cell)
                refuse(cell, "a length of " + std::to_string(size));
            if (size < 0)
                m_cells.push_back({ cell, static_cast<uint32_t>(bytes), false });
            cell += static_cast<uint32_t>(bytes);
        }
        bin = end;
    }
}

CellPlace Reader::take(uint32_t offset, size_t bytes, uint32_t from)
{
    auto it = std::ranges::lower_bound(m_cells, offset, {}, &CellPlace::offset);
    if (it == m_cells.end() || it->offset != offset)
        refuse(from, "it refers to " + hex(offset) + ", where no cell is");
    if (it->used)
        refuse(from, "it refers to " + hex(offset) + ", which is in use already");
    it->used = true;
    CellPlace const contents { offset + 4, it->bytes - 4, true };
    if (contents.bytes < bytes)
        refuse(offset, "it is too short for what stands in it");
    return contents;
}

std::u16string Reader::name_at(uint32_t place, uint16_t bytes, bool latin) const
{
    std::u16string name(latin ? bytes : bytes / 2, u'\0');
    if (latin)
        for (size_t i = 0; i < name.size(); ++i)
            name[i] = at<uint8_t>(place + i);
    else
        std::memcpy(name.data(), m_bytes.data() + kBlock + place, name.size() * 2);
    return name;
}

void Reader::read_key(size_t index)
{
    uint32_t const offset = m_places[index];
    CellPlace const place = take(offset, sizeof(KeyCell), offset);
    auto const cell = at<KeyCell>(place.offset);
    if (cell.signature != kKey)
        refuse(offset, "not a key");
    bool const latin = cell.flags & kLatinName;
    if (cell.name_bytes > place.bytes - sizeof(KeyCell) || (!latin && cell.name_bytes % 2))
        refuse(offset, "a name of " + std::to_string(cell.name_bytes) + " bytes does not fit");
    HiveKey& key = m_keys[index];
    key.name = name_at(place.offset + sizeof(KeyCell), cell.name_bytes, latin);
    if (index && (key.name.empty() || key.name.size() > kKeyNameMax || key.name.find(u'\\') != key.name.npos))
        refuse(offset, "its name is none for a key");
    key.written = static_cast<int64_t>(cell.written);
    key.is_link = cell.flags & kLink;
    if (cell.class_bytes && cell.class_name != kNone) {
        if (cell.class_bytes % 2)
            refuse(offset, "a class of an odd length");
        CellPlace const text = take(cell.class_name, cell.class_bytes, offset);
        key.class_name = name_at(text.offset, cell.class_bytes, false);
    }
    if (cell.security != kNone)
        key.security = descriptor_at(cell.security, offset);
    read_values(index, cell, offset);
    if (cell.subkeys)
        read_subkeys(index, cell.subkey_list, cell.subkeys, offset);
}

std::shared_ptr<DescriptorBytes const> Reader::descriptor_at(uint32_t offset, uint32_t from)
{
    if (auto it = m_descriptors.find(offset); it != m_descriptors.end())
        return it->second;
    CellPlace const place = take(offset, sizeof(SecurityCell), from);
    auto const cell = at<SecurityCell>(place.offset);
    if (cell.signature != kSecurity)
        refuse(from, "it refers to " + hex(offset) + ", which is no security descriptor's");
    if (cell.bytes > place.bytes - sizeof cell)
        refuse(offset, "a descriptor of " + std::to_string(cell.bytes) + " bytes does not fit");
    auto const* begin = m_bytes.data() + kBlock + place.offset + sizeof cell;
    DescriptorBytes const bytes(begin, begin + cell.bytes); // aligned now
    if (!rtl::relative_descriptor_fits(bytes.data(), bytes.size()))
        refuse(offset, "not a sound security descriptor");
    return m_descriptors[offset]
        = std::make_shared<DescriptorBytes const>(se::Descriptor(bytes.data()).relative());
}

void Reader::read_subkeys(size_t index, uint32_t list, uint32_t count, uint32_t from)
{
    if (m_keys[index].level + 1 >= kLevelsMax)
        refuse(from, "more than " + std::to_string(kLevelsMax) + " levels of keys");
    size_t const before = m_keys.size();
    add_list(index, list, from, 0);
    if (m_keys.size() - before != count)
        refuse(from,
               "it has " + std::to_string(count) + " subkeys, and its list " + std::to_string(m_keys.size() - before));
}

void Reader::add_list(size_t index, uint32_t list, uint32_t from, unsigned depth)
{
    CellPlace const place = take(list, sizeof(ListHeader), from);
    auto const header = at<ListHeader>(place.offset);
    bool const hashed = header.signature == kFastLeaf || header.signature == kHashLeaf;
    bool const is_root = header.signature == kIndexRoot;
    if (!hashed && !is_root && header.signature != kIndexLeaf)
        refuse(list, "not a list of subkeys");
    size_t const entry = hashed ? sizeof(HashedEntry) : sizeof(uint32_t);
    if (header.count * entry > place.bytes - sizeof header)
        refuse(list, std::to_string(header.count) + " entries do not fit");
    if (is_root && depth + 1 >= kListDepthMax)
        refuse(list, "a list of lists of lists");
    for (unsigned i = 0; i < header.count; ++i) {
        auto const offset = at<uint32_t>(place.offset + sizeof header + i * entry);
        if (is_root)
            add_list(index, offset, list, depth + 1);
        else {
            m_keys.push_back({ .parent = index, .level = m_keys[index].level + 1 });
            m_places.push_back(offset);
        }
    }
}

void Reader::read_values(size_t index, KeyCell const& cell, uint32_t from)
{
    if (!cell.values)
        return;
    CellPlace const list = take(cell.value_list, size_t { cell.values } * sizeof(uint32_t), from);
    std::set<std::u16string> names;
    for (uint32_t i = 0; i < cell.values; ++i) {
        HiveValue value = read_value(at<uint32_t>(list.offset + i * sizeof(uint32_t)), from);
        if (!names.insert(ob::upper_case(value.name)).second)
            refuse(from, "two values of one name");
        m_keys[index].values.push_back(std::move(value));
    }
}

HiveValue Reader::read_value(uint32_t offset, uint32_t from)
{
    CellPlace const place = take(offset, sizeof(ValueCell), from);
    auto const cell = at<ValueCell>(place.offset);
    if (cell.signature != kValue)
        refuse(offset, "not a value");
    bool const latin = cell.flags & kLatinValueName;
    if (cell.name_bytes > place.bytes - sizeof(ValueCell) || (!latin && cell.name_bytes % 2))
        refuse(offset, "a name of " + std::to_string(cell.name_bytes) + " bytes does not fit");
    HiveValue value;
    value.name = name_at(place.offset + sizeof(ValueCell), cell.name_bytes, latin);
    if (value.name.size() > kValueNameMax)
        refuse(offset, "its name is too long");
    value.type = cell.type;
    read_data(value, cell, offset);
    return value;
}

void Reader::read_data(HiveValue& value, ValueCell const& cell, uint32_t from)
{
    uint32_t const bytes = cell.data_bytes & ~kDataInline;
    auto add = [&](uint32_t place, uint32_t count) {
        auto const* begin = m_bytes.data() + kBlock + place;
        value.data.insert(value.data.end(), begin, begin + count);
    };
    if (cell.data_bytes & kDataInline) {
        if (bytes > sizeof cell.data)
            refuse(from, std::to_string(bytes) + " bytes of data in place");
        auto const* begin = reinterpret_cast<uint8_t const*>(&cell.data);
        value.data.assign(begin, begin + bytes);
        return;
    }
    if (!bytes)
        return;
    CellPlace const place = take(cell.data, 1, from);
    if (bytes <= place.bytes)
        return add(place.offset, bytes);
    if (place.bytes < sizeof(BigDataCell))
        refuse(from, std::to_string(bytes) + " bytes of data do not fit");
    auto const big = at<BigDataCell>(place.offset);
    if (big.signature != kBigData)
        refuse(from, std::to_string(bytes) + " bytes of data do not fit");
    CellPlace const list = take(big.list, big.pieces * sizeof(uint32_t), cell.data);
    for (uint32_t i = 0, left = bytes; left; ++i) {
        if (i == big.pieces)
            refuse(cell.data, "too few pieces of data");
        uint32_t const count = std::min(left, kPiece);
        CellPlace const piece = take(at<uint32_t>(list.offset + i * sizeof(uint32_t)), count, cell.data);
        add(piece.offset, count);
        left -= count;
    }
}

std::vector<HiveKey> Reader::read()
{
    BaseBlock const base = check_base();
    find_cells(base.bins_bytes);
    m_keys.emplace_back();
    m_places.push_back(base.root);
    std::set<std::pair<size_t, std::u16string>> names;
    for (size_t index = 0; index < m_keys.size(); ++index) {
        read_key(index);
        if (index && !names.emplace(m_keys[index].parent, ob::upper_case(m_keys[index].name)).second)
            refuse(m_places[index], "two subkeys of one name");
    }
    return std::move(m_keys);
}

} // namespace

std::vector<HiveKey> read_hive(std::span<uint8_t const> bytes, std::string& error)
{
    try {
        return Reader(bytes).read();
    } catch (Refused const& refused) {
        error = refused.words;
        return {};
    }
}

} // namespace ringside::cm
