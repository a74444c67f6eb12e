// SPDX-License-Identifier: MIT
// A reply as the library takes it, the same from both links. It comes from a process that a driver may have ruined, so
// nothing in it is taken on trust.
#include "link.h"

#include <ringside.h>

namespace ringside::capi {

namespace {

// What only the library itself can say: of a process, of its own threads.
bool is_machines_own(uint32_t result)
{
    switch (result) {
    case RINGSIDE_OK:
    case RINGSIDE_BAD_ARGUMENT:
    case RINGSIDE_BAD_HANDLE:
    case RINGSIDE_BAD_IMAGE:
    case RINGSIDE_BAD_USE:
    case RINGSIDE_NO_MEMORY:
    case RINGSIDE_PROTOCOL:
    case RINGSIDE_OUR_BUG:
        return true;
    default:
        return false;
    }
}

} // namespace

std::optional<Answer> read_answer(uint32_t result, uint32_t told, std::span<std::byte const> payload)
{
    if (!is_machines_own(result))
        return std::nullopt;
    Answer answer { .result = static_cast<int>(result) };
    Reader in(payload);
    // A count is foreign, too: the callbacks end when the payload does.
    for (uint32_t i = 0; i < told && in.good(); ++i) {
        Told& one = answer.told.emplace_back();
        one.token = in.number<uint64_t>();
        one.status = in.number<int32_t>();
        one.information = in.number<uint64_t>();
        one.bytes = in.bytes();
    }
    if (!in.good())
        return std::nullopt;
    if (result == RINGSIDE_OK)
        answer.payload = in.rest();
    else
        answer.words = { reinterpret_cast<char const*>(in.rest().data()), in.rest().size() };
    return answer;
}

} // namespace ringside::capi
