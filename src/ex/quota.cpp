// SPDX-License-Identifier: MIT
#include "ex/quota.h"

#include "ex/executive.h"

namespace ringside::ex {

using namespace nt;

QuotaHook g_quota {};

void Pool::set_charge(void* block, ke::Process& process)
{
    Record* record = record_at(block);
    record->charged = true;
    m_charges[record->number] = { &process, record->bytes, (record->type & PagedPool) != 0 };
}

void Pool::give_charge_back(Record& record)
{
    record.charged = false;
    auto charge = m_charges.find(record.number);
    if (charge == m_charges.end())
        return; // its process went first
    if (g_quota.give_back)
        g_quota.give_back(*charge->second.process, charge->second.paged, charge->second.bytes);
    m_charges.erase(charge);
}

void Pool::forget_charges(ke::Process const& process)
{
    std::erase_if(m_charges, [&](auto const& charge) { return charge.second.process == &process; });
}

void forget_quota(ke::Process const& process) { executive().pool.forget_charges(process); }

} // namespace ringside::ex
