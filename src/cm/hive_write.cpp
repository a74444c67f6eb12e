// SPDX-License-Identifier: MIT
#include "cm/hive.h"

#include "cm/hive_format.h"
#include "rtl/case_table.h"

#include <algorithm>
#include <map>

namespace ringside::cm {

using namespace hive;

namespace {

bool is_latin(std::u16string const& name)
{
    return std::ranges::all_of(name, [](char16_t c) { return c <= 0xFF; });
}

std::vector<uint8_t> name_bytes(std::u16string const& name)
{
    std::vector<uint8_t> bytes;
    bool const latin = is_latin(name);
    for (char16_t c : name) {
        bytes.push_back(static_cast<uint8_t>(c));
        if (!latin)
            bytes.push_back(static_cast<uint8_t>(c >> 8));
    }
    return bytes;
}

uint32_t hash_of(std::u16string const& name)
{
    uint32_t hash = 0;
    for (char16_t c : name)
        hash = hash * 37 + rtl::upcase(c);
    return hash;
}

class Writer {
public:
    explicit Writer(Key const& root)
        : m_root(root)
    {
    }
    std::vector<uint8_t> write();

private:
    // A new cell's contents begin at the offset that is returned, plus four; zeroed.
    uint32_t allocate(size_t bytes);
    void close_bin();
    template <typename T>
    void put(uint32_t place, T const& value)
    {
        std::memcpy(m_bins.data() + place, &value, sizeof value);
    }
    void put_bytes(uint32_t place, void const* bytes, size_t count)
    {
        if (count)
            std::memcpy(m_bins.data() + place, bytes, count);
    }
    uint32_t cell_of(void const* bytes, size_t count)
    {
        uint32_t const cell = allocate(count);
        put_bytes(cell + 4, bytes, count);
        return cell;
    }
    void gather();
    void gather_descriptors();
    void write_descriptors();
    void write_key(size_t index);
    uint32_t write_leaf(size_t first, size_t count);
    uint32_t write_value(Value const& value);
    uint32_t write_data(std::vector<uint8_t> const& data);

    struct Entry {
        Key const* key;
        size_t parent;
        uint32_t cell;
        size_t first_subkey;
        size_t subkeys;
        size_t security; // its place in m_descriptors
    };
    // Equal descriptors share a cell.
    struct Security {
        DescriptorBytes const* bytes;
        uint32_t cell;
        uint32_t references;
    };
    Key const& m_root;
    std::vector<Entry> m_keys; // each behind its parent; subkeys of one key stand together
    std::vector<uint8_t> m_bins;
    size_t m_bin = 0; // where the open bin begins
    size_t m_used = 0; // its end, so far
    std::map<DescriptorBytes, size_t> m_known;
    std::vector<Security> m_descriptors; // by first use
    Inheritance m_inheritance;
};

void Writer::close_bin()
{
    if (m_bins.empty())
        return;
    if (m_used < m_bins.size()) // a free cell fills the rest
        put(static_cast<uint32_t>(m_used), static_cast<int32_t>(m_bins.size() - m_used));
}

uint32_t Writer::allocate(size_t bytes)
{
    size_t const size = (bytes + 4 + 7) & ~size_t { 7 };
    if (m_bins.empty() || m_bins.size() - m_used < size) {
        close_bin();
        m_bin = m_bins.size();
        size_t const whole = (kBinHeader + size + kBlock - 1) / kBlock * kBlock;
        m_bins.resize(m_bin + whole);
        BinHeader header {};
        header.signature = kHbin;
        header.offset = static_cast<uint32_t>(m_bin);
        header.bytes = static_cast<uint32_t>(whole);
        header.written = static_cast<uint64_t>(m_root.last_write);
        put(header.offset, header);
        m_used = m_bin + kBinHeader;
    }
    auto const cell = static_cast<uint32_t>(m_used);
    put(cell, -static_cast<int32_t>(size));
    m_used += size;
    return cell;
}

void Writer::gather()
{
    m_keys.push_back({ &m_root, 0, kNone, 0, 0, 0 });
    for (size_t index = 0; index < m_keys.size(); ++index) {
        Key const& key = *m_keys[index].key;
        m_keys[index].cell = allocate(sizeof(KeyCell) + name_bytes(key.name).size());
        m_keys[index].first_subkey = m_keys.size();
        for (Key const& subkey : key.subkeys)
            if (!subkey.is_volatile)
                m_keys.push_back({ &subkey, index, kNone, 0, 0, 0 });
        m_keys[index].subkeys = m_keys.size() - m_keys[index].first_subkey;
    }
}

// A key that was never asked for its descriptor has what the key above hands down.
void Writer::gather_descriptors()
{
    for (size_t index = 0; index < m_keys.size(); ++index) {
        Entry& entry = m_keys[index];
        DescriptorBytes const bytes = entry.key->security || !index
            ? descriptor_of(*entry.key)
            : m_inheritance.below(*m_descriptors[m_keys[entry.parent].security].bytes);
        auto const [it, fresh] = m_known.try_emplace(bytes, m_descriptors.size());
        if (fresh)
            m_descriptors.push_back({ &it->first, kNone, 0 });
        entry.security = it->second;
        ++m_descriptors[it->second].references;
    }
}

// A ring of cells.
void Writer::write_descriptors()
{
    for (Security& security : m_descriptors)
        security.cell = allocate(sizeof(SecurityCell) + security.bytes->size());
    for (size_t i = 0; i < m_descriptors.size(); ++i) {
        Security const& security = m_descriptors[i];
        SecurityCell const cell { kSecurity,
                                  0,
                                  m_descriptors[(i + 1) % m_descriptors.size()].cell,
                                  m_descriptors[(i + m_descriptors.size() - 1) % m_descriptors.size()].cell,
                                  security.references,
                                  static_cast<uint32_t>(security.bytes->size()) };
        put(security.cell + 4, cell);
        put_bytes(security.cell + 4 + sizeof cell, security.bytes->data(), security.bytes->size());
    }
}

uint32_t Writer::write_leaf(size_t first, size_t count)
{
    uint32_t const list = allocate(sizeof(ListHeader) + count * sizeof(HashedEntry));
    put(list + 4, ListHeader { kHashLeaf, static_cast<uint16_t>(count) });
    uint32_t at = list + 4 + sizeof(ListHeader);
    for (size_t i = first; i < first + count; ++i, at += sizeof(HashedEntry))
        put(at, HashedEntry { m_keys[i].cell, hash_of(m_keys[i].key->name) });
    return list;
}

uint32_t Writer::write_data(std::vector<uint8_t> const& data)
{
    if (data.size() <= kPiece)
        return cell_of(data.data(), data.size());
    std::vector<uint32_t> pieces;
    for (size_t at = 0; at < data.size(); at += kPiece)
        pieces.push_back(cell_of(data.data() + at, std::min<size_t>(kPiece, data.size() - at)));
    uint32_t const list = cell_of(pieces.data(), pieces.size() * sizeof(uint32_t));
    BigDataCell const big { kBigData, static_cast<uint16_t>(pieces.size()), list };
    return cell_of(&big, sizeof big);
}

uint32_t Writer::write_value(Value const& value)
{
    auto const name = name_bytes(value.name);
    ValueCell cell {};
    cell.signature = kValue;
    cell.name_bytes = static_cast<uint16_t>(name.size());
    cell.type = value.type;
    cell.flags = is_latin(value.name) ? kLatinValueName : uint16_t { 0 };
    cell.data_bytes = static_cast<uint32_t>(value.data.size());
    if (value.data.size() <= sizeof cell.data) {
        cell.data_bytes |= kDataInline;
        if (!value.data.empty())
            std::memcpy(&cell.data, value.data.data(), value.data.size());
    } else
        cell.data = write_data(value.data);
    uint32_t const place = allocate(sizeof cell + name.size());
    put(place + 4, cell);
    put_bytes(place + 4 + sizeof cell, name.data(), name.size());
    return place;
}

void Writer::write_key(size_t index)
{
    Entry const entry = m_keys[index];
    Key const& key = *entry.key;
    auto const name = name_bytes(key.name);
    KeyCell cell {};
    cell.signature = kKey;
    cell.flags = static_cast<uint16_t>((is_latin(key.name) ? kLatinName : 0) | (key.is_link ? kLink : 0)
                                       | (index ? 0 : kHiveRoot | kNoDelete));
    cell.written = static_cast<uint64_t>(key.last_write);
    cell.parent = index ? m_keys[entry.parent].cell : kNone;
    cell.subkeys = static_cast<uint32_t>(entry.subkeys);
    cell.subkey_list = cell.volatile_list = cell.value_list = cell.class_name = kNone;
    cell.security = m_descriptors[entry.security].cell;
    cell.name_bytes = static_cast<uint16_t>(name.size());
    if (!key.class_name.empty()) {
        cell.class_bytes = static_cast<uint16_t>(key.class_name.size() * sizeof(char16_t));
        cell.class_name = cell_of(key.class_name.data(), cell.class_bytes);
    }
    std::vector<uint32_t> list;
    for (Value const& value : key.values) {
        list.push_back(write_value(value));
        cell.widest_value_name = std::max(cell.widest_value_name, static_cast<uint32_t>(value.name.size() * 2));
        cell.widest_value_data = std::max(cell.widest_value_data, static_cast<uint32_t>(value.data.size()));
    }
    cell.values = static_cast<uint32_t>(list.size());
    if (!list.empty())
        cell.value_list = cell_of(list.data(), list.size() * sizeof(uint32_t));

    std::vector<uint32_t> leaves;
    for (size_t done = 0; done < entry.subkeys; done += kLeafMax)
        leaves.push_back(write_leaf(entry.first_subkey + done, std::min<size_t>(kLeafMax, entry.subkeys - done)));
    for (size_t i = entry.first_subkey; i < entry.first_subkey + entry.subkeys; ++i) {
        Key const& subkey = *m_keys[i].key;
        cell.widest_subkey_name = std::max(cell.widest_subkey_name, static_cast<uint32_t>(subkey.name.size() * 2));
        cell.widest_subkey_class
            = std::max(cell.widest_subkey_class, static_cast<uint32_t>(subkey.class_name.size() * 2));
    }
    if (leaves.size() == 1)
        cell.subkey_list = leaves[0];
    else if (!leaves.empty()) {
        cell.subkey_list = allocate(sizeof(ListHeader) + leaves.size() * sizeof(uint32_t));
        put(cell.subkey_list + 4, ListHeader { kIndexRoot, static_cast<uint16_t>(leaves.size()) });
        put_bytes(cell.subkey_list + 4 + sizeof(ListHeader), leaves.data(), leaves.size() * sizeof(uint32_t));
    }
    put(entry.cell + 4, cell);
    put_bytes(entry.cell + 4 + sizeof cell, name.data(), name.size());
}

std::vector<uint8_t> Writer::write()
{
    gather();
    gather_descriptors();
    write_descriptors();
    for (size_t index = 0; index < m_keys.size(); ++index)
        write_key(index);
    close_bin();

    BaseBlock base {};
    base.signature = kRegf;
    base.sequence1 = base.sequence2 = 1;
    base.written = static_cast<uint64_t>(m_root.last_write);
    base.major = 1;
    base.minor = 5;
    base.format = 1;
    base.root = m_keys[0].cell;
    base.bins_bytes = static_cast<uint32_t>(m_bins.size());
    base.cluster = 1;
    std::copy_n(m_root.name.begin(), std::min<size_t>(m_root.name.size(), std::size(base.file_name) - 1),
                base.file_name);
    base.checksum = checksum_of(base);
    std::vector<uint8_t> file(kBlock);
    std::memcpy(file.data(), &base, sizeof base);
    file.insert(file.end(), m_bins.begin(), m_bins.end());
    return file;
}

} // namespace

std::vector<uint8_t> write_hive(Key const& root) { return Writer(root).write(); }

} // namespace ringside::cm
