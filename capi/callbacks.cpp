// SPDX-License-Identifier: MIT
#include "callbacks.h"

#include "hosted.h"

#include <utility>
#include <vector>

namespace ringside::capi {

namespace {

struct Due {
    uint32_t machine;
    uint64_t token;
    Callback callback;
    int result;
    ringside_reply reply;
    std::vector<std::byte> bytes; // the message that they came in is another's by the time of the call
};

std::vector<Due>& due()
{
    static thread_local std::vector<Due> list;
    return list;
}

void call(Due const& one)
{
    bool const known = one.result == RINGSIDE_OK;
    // Never null for an empty buffer: whoever gets a reply may make a view of its bytes.
    static std::byte const nothing {};
    one.callback.routine(one.callback.context, one.result, known ? &one.reply : nullptr,
                         !known                  ? nullptr
                             : one.bytes.empty() ? &nothing
                                                 : one.bytes.data());
}

} // namespace

uint64_t Callbacks::add(Callback const& callback)
{
    m_waiting.emplace(++m_last, callback);
    return m_last;
}

void Callbacks::remove(uint32_t machine, uint64_t token)
{
    m_waiting.erase(token);
    std::erase_if(due(), [&](Due const& one) { return one.machine == machine && one.token == token; });
}

bool Callbacks::told(uint32_t machine, Told const& told)
{
    auto const found = m_waiting.find(told.token);
    if (found == m_waiting.end() || told.bytes.size() > found->second.room)
        return false;
    due().push_back({ machine,
                      told.token,
                      found->second,
                      RINGSIDE_OK,
                      { told.status, 0, told.information, told.bytes.size() },
                      { told.bytes.begin(), told.bytes.end() } });
    m_waiting.erase(found);
    return true;
}

void Callbacks::no_more(uint32_t machine, int result)
{
    for (auto const& [token, callback] : m_waiting)
        due().push_back({ machine, token, callback, result, {}, {} });
    m_waiting.clear();
}

// What a routine's own calls on the machine make due is called in those calls.
void call_due() noexcept
{
    if (due().empty())
        return;
    for (Due const& one : std::exchange(due(), {}))
        if (find_hosted(one.machine))
            call(one);
}

} // namespace ringside::capi
