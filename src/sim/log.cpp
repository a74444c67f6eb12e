// SPDX-License-Identifier: MIT
#include "sim/log.h"

#include "base/check.h"

#include <algorithm>
#include <xxh_x86dispatch.h>

namespace ringside::sim {

namespace {
constexpr size_t kTextsKept = 65536;
}

// XXH3, of all records and texts in their order. The library takes the widest vectors that the processor has; the value
// is the same with all of them.
struct Log::Hash {
    Hash()
        : state(XXH3_createState())
    {
        CHECK(state && XXH3_64bits_reset(state) == XXH_OK, "no memory for the log's hash");
    }
    ~Hash() { XXH3_freeState(state); }
    void add(void const* bytes, size_t count) { XXH3_64bits_update(state, bytes, count); }
    XXH3_state_t* state;
};

Log::Log(size_t capacity)
    : m_hash(std::make_unique<Hash>())
    , m_ring(capacity)
{
    CHECK(std::has_single_bit(capacity), "the log's capacity is a power of two");
}

Log::~Log() = default;

void Log::hash_block()
{
    m_hash->add(m_hashed, static_cast<size_t>(m_next - m_hashed) * sizeof(Record));
    m_hashed = m_next;
}

void Log::fold()
{
    hash_block();
    // Of a block that is longer than the ring the end is kept.
    size_t const kept = std::min(kBlock, m_ring.size());
    uint64_t const first = m_folded + kBlock - kept;
    std::memcpy(&m_ring[first & (m_ring.size() - 1)], m_block + kBlock - kept, kept * sizeof(Record));
    m_folded += kBlock;
    m_next = m_hashed = m_block;
}

uint64_t Log::hash()
{
    hash_block();
    return XXH3_64bits_digest(m_hash->state);
}

uint64_t Log::add_text(std::string_view text)
{
    hash_block();
    uint64_t const length = text.size();
    m_hash->add(&length, sizeof length);
    m_hash->add(text.data(), text.size());
    if (m_texts.size() == kTextsKept) {
        m_texts.pop_front();
        ++m_texts_dropped;
    }
    m_texts.emplace_back(text);
    return m_texts_dropped + m_texts.size() - 1;
}

std::string_view Log::text(uint64_t number) const
{
    if (number < m_texts_dropped || number - m_texts_dropped >= m_texts.size())
        return "(text no longer kept)";
    return m_texts[number - m_texts_dropped];
}

} // namespace ringside::sim
