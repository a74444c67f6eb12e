// SPDX-License-Identifier: MIT
#include "contract.h"

#include "ps/process.h"

#include <fmt/format.h>
#include <gtest/gtest-spi.h>

#include <cstring>

namespace ringside::test {

using namespace nt;

namespace {

uint64_t hollow_entry(uint64_t*, ke::Import const*) { return 0; }

uint8_t irql_for(Trial trial, IrqlRange range, bool& has_place)
{
    switch (trial) {
    case Trial::Highest:
        return range.highest;
    case Trial::Outside:
        has_place = range.highest < HIGH_LEVEL || range.lowest > PASSIVE_LEVEL;
        return static_cast<uint8_t>(range.highest < HIGH_LEVEL ? range.highest + 1 : range.lowest - 1);
    default:
        return range.lowest;
    }
}

} // namespace

At::At(BootedKernel& boot, char const* service, Trial trial)
    : m_boot(boot)
    , m_import(boot.rooms.exports.import(service))
    , m_trial(trial)
{
    m_irql = irql_for(trial, m_import.ddi->irql, m_has_outside);
    if (trial == Trial::Hollow)
        m_import.entry = hollow_entry;
    if (trial == Trial::Stop)
        m_import.entry = ke::missing_service;
}

std::string At::hex(NTSTATUS status) { return fmt::format("{:#010x}", static_cast<uint32_t>(status)); }

uint64_t At::call_slots(uint64_t* slots)
{
    m_called = true;
    if (m_trial == Trial::Outside)
        m_expected_bug_check = DRIVER_VERIFIER_DETECTED_VIOLATION;
    m_irql_before = ke::Kernel::irql();
    if (m_irql > m_irql_before)
        m_boot.rooms.kernel.raise_irql(m_irql);
    else if (m_irql < m_irql_before)
        m_boot.rooms.kernel.lower_irql(m_irql);
    uint64_t const result = m_import.entry(slots, &m_import);
    if (!m_raising)
        restore_irql();
    return result;
}

uint64_t At::call_other(char const* name, uint64_t* slots)
{
    ke::Import& import = m_boot.rooms.exports.import(name);
    return import.entry(slots, &import);
}

void At::restore_irql()
{
    m_irql_after = ke::Kernel::irql();
    if (m_irql_after > m_irql_before)
        m_boot.rooms.kernel.lower_irql(m_irql_before);
    else if (m_irql_after < m_irql_before)
        m_boot.rooms.kernel.raise_irql(m_irql_before);
}

void At::compare(uint64_t expected, size_t bytes, uint64_t result)
{
    uint64_t const mask = bytes >= 8 ? ~uint64_t { 0 } : (uint64_t { 1 } << (8 * bytes)) - 1;
    EXPECT_EQ(result & mask, expected & mask) << m_import.name << " at IRQL " << unsigned { m_irql };
}

void At::expect_status(NTSTATUS expected, uint64_t result)
{
    EXPECT_EQ(hex(static_cast<NTSTATUS>(result)), hex(expected)) << m_import.name << " at IRQL " << unsigned { m_irql };
}

UNICODE_STRING& At::string(std::u16string_view text)
{
    auto& made = object<UNICODE_STRING>();
    auto* characters = static_cast<char16_t*>(bytes((text.size() + 1) * 2));
    std::memcpy(characters, text.data(), text.size() * 2);
    made = { static_cast<USHORT>(text.size() * 2), static_cast<USHORT>(text.size() * 2 + 2), characters };
    return made;
}

void* At::user_bytes(size_t count)
{
    auto made = mm::allocate_user(*m_boot.rooms.kernel.current().process, count, true);
    CHECK(made.ok(), "a sample without Where::Client asked for user memory");
    return made.take();
}

std::vector<Sample>& samples()
{
    static std::vector<Sample> all;
    return all;
}

namespace {

// How a run ended: nothing, or what is wrong with it.
std::string end_of(Sample const& sample, Trial trial)
{
    BootOptions options = sample.boot;
    options.binding = ke::Binding::Verified;
    BootedKernel boot(options);
    At at(boot, sample.service, trial);
    if (trial == Trial::Outside && !at.outside_has_a_place())
        return {};
    machine::Outcome outcome {};
    if (sample.where == Where::Client) {
        ke::Process* process = nullptr;
        boot.run_on_thread([&] { process = boot.rooms.processes.create_client(u"\\sample.exe").take(); });
        machine::HostThread client(process);
        outcome = client.execute([&] { sample.run(at); });
    } else
        outcome = boot.thread().execute([&] { sample.run(at); });

    if (!at.called() && outcome == machine::Outcome::Done)
        return "the sample never calls its service";
    if (auto const* crash = boot.crash()) {
        if (crash->kind == ke::EndKind::MissingService)
            return fmt::format("the machine ended: {}", crash->words);
        if (crash->code != at.expected_bug_check())
            return fmt::format("bug check {:#x} ({:#x}): {}", crash->code, crash->parameters[0], crash->words);
        if (trial == Trial::Outside && crash->rule != std::string_view("IrqlAtEntry"))
            return fmt::format("outside its IRQL range another rule spoke: {}", crash->words);
        return {};
    }
    if (outcome != machine::Outcome::Done)
        return "the sample did not come to its end";
    if (at.expected_bug_check())
        return "the machine goes on where a bug check was expected";
    return {};
}

} // namespace

bool run_sample(Sample const& sample, Trial trial)
{
    if (trial != Trial::Hollow && trial != Trial::Stop) {
        std::string const wrong = end_of(sample, trial);
        EXPECT_EQ(wrong, "") << sample.service << " " << sample.variant;
        return wrong.empty();
    }
    ::testing::TestPartResultArray told;
    std::string wrong;
    {
        ::testing::ScopedFakeTestPartResultReporter quiet(
            ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &told);
        wrong = end_of(sample, trial);
    }
    return !wrong.empty() || told.size() != 0;
}

} // namespace ringside::test
