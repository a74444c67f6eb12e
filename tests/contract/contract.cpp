// SPDX-License-Identifier: MIT
#include "contract.h"

#include "ps/process.h"

#include <fmt/format.h>
#include <gtest/gtest-spi.h>

#include <cstdio>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace ringside::test {

using namespace nt;

namespace {

// Ends a sample after its hostile call: what follows relies on a call that went well.
struct CallCameBack { };

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
    if (!m_called)
        m_first_arguments.assign(slots, slots + arguments());
    bool const first = !std::exchange(m_called, true);
    if (m_trial == Trial::Hostile && first)
        call_with_bad_pointer(slots);
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

// The bad pointer that stands for a good one.
uint64_t At::bad_pointer(uint64_t good)
{
    constexpr size_t kBlock = 4096;
    auto block = [&](int fill) {
        auto* made = static_cast<uint8_t*>(bytes(2 * kBlock));
        std::memset(made, fill, 2 * kBlock);
        return made;
    };
    switch (m_bad) {
    case BadPointer::Null:
        return 0;
    case BadPointer::Low:
        return 8;
    case BadPointer::Unaligned:
        return good + 1;
    case BadPointer::User:
        return hal::kUserLow + 0x1000;
    case BadPointer::NotMapped:
        return hal::kKernelHigh - 0x10'0000;
    case BadPointer::NotCanonical:
        return 0x8000'0000'0000'1000;
    case BadPointer::Freed: {
        uint8_t* freed = block(0);
        ex::free(freed, 0);
        return reinterpret_cast<uint64_t>(freed);
    }
    case BadPointer::Garbage:
        return reinterpret_cast<uint64_t>(block(0xA5));
    case BadPointer::Zeroes:
        return reinterpret_cast<uint64_t>(block(0));
    default: { // an object that begins in its page's last bytes, with nothing mapped behind
        auto frame = m_boot.rooms.physical.allocate(1);
        uintptr_t const page = hal::kSystemMappingsHigh - 16 * hal::kPageSize;
        m_boot.rooms.physical.map(page, *frame, 1, sim::host::Access::ReadWrite);
        return page + hal::kPageSize - 8;
    }
    }
}

// Through the gate, for that is where a fault in a body finds the driver that caused it.
void At::call_with_bad_pointer(uint64_t* slots)
{
    slots[m_bad_index] = bad_pointer(slots[m_bad_index]);
    if (m_irql > ke::Kernel::irql())
        m_boot.rooms.kernel.raise_irql(m_irql);
    using Slot = uint64_t;
    using Stub = Slot(NTAPI*)(Slot, Slot, Slot, Slot, Slot, Slot, Slot, Slot, Slot, Slot, Slot, Slot);
    auto stub = reinterpret_cast<Stub>(m_boot.rooms.exports.stub_for(m_import.ddi->name));
    uint64_t* s = slots;
    stub(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11]);
    throw CallCameBack {};
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

BootOptions boot_options(Sample const& sample)
{
    BootOptions options = sample.boot;
    options.binding = ke::Binding::Verified;
    return options;
}

machine::Outcome run_in(BootedKernel& boot, Sample const& sample, At& at)
{
    auto run = [&] {
        try {
            sample.run(at);
        } catch (CallCameBack) {
            if (ke::Kernel::irql() > PASSIVE_LEVEL)
                boot.rooms.kernel.lower_irql(PASSIVE_LEVEL);
        }
    };
    if (sample.where == Where::SystemThread)
        return boot.thread().execute(run);
    ke::Process* process = nullptr;
    boot.run_on_thread([&] { process = boot.rooms.processes.create_client(u"\\sample.exe").take(); });
    machine::HostThread client(process);
    return client.execute(run);
}

// How a run ended: nothing, or what is wrong with it.
std::string end_of(Sample const& sample, Trial trial)
{
    BootedKernel boot(boot_options(sample));
    At at(boot, sample.service, trial);
    if (trial == Trial::Outside && !at.outside_has_a_place())
        return {};
    machine::Outcome const outcome = run_in(boot, sample, at);
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

namespace {

constexpr unsigned kHangSeconds = 10;

// What waitpid says of a child that runs `body` with gtest and its output silent; gtest's messages are in `told`.
template <typename Body>
int in_child(Body body)
{
    std::fflush(nullptr);
    pid_t const child = fork();
    if (child == 0) {
        alarm(kHangSeconds);
        if (!std::freopen("/dev/null", "w", stdout))
            _exit(1);
        ::testing::TestPartResultArray told;
        ::testing::ScopedFakeTestPartResultReporter quiet(
            ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &told);
        _exit(body(told));
    }
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

// 0 however the machine ended, if the host lived.
int child_with_bad_pointer(Sample const& sample, unsigned index, BadPointer with)
{
    return in_child([&](auto&) {
        BootedKernel boot(boot_options(sample));
        At at(boot, sample.service, Trial::Hostile);
        at.replace(index, with);
        (void)run_in(boot, sample, at);
        return 0;
    });
}

std::string words_of(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGALRM ? "hangs" : fmt::format("kills the host by signal {}", WTERMSIG(status));
    return fmt::format("ends the host with code {}", WEXITSTATUS(status));
}

constexpr char const* kBadPointerNames[]
    = { "null",          "a low address", "unaligned", "user memory", "not mapped",
        "not canonical", "freed",         "garbage",   "zeroes",      "a page's end" };
static_assert(std::size(kBadPointerNames) == static_cast<size_t>(BadPointer::Count));

} // namespace

std::vector<std::string> run_hostile(Sample const& sample)
{
    std::vector<uint64_t> arguments;
    {
        BootedKernel boot(boot_options(sample));
        At at(boot, sample.service, Trial::Lowest);
        (void)run_in(boot, sample, at);
        arguments = at.first_arguments();
    }
    std::vector<std::string> lines;
    for (unsigned i = 0; i < arguments.size(); ++i) {
        if (arguments[i] < 0x10000 || !hal::is_canonical(arguments[i]) || static_cast<int64_t>(arguments[i]) < 0)
            continue; // no pointer
        for (unsigned bad = 0; bad < static_cast<unsigned>(BadPointer::Count); ++bad)
            if (int const status = child_with_bad_pointer(sample, i, static_cast<BadPointer>(bad)))
                lines.push_back(fmt::format("{}: argument {} {}: {}", sample.service, i + 1, kBadPointerNames[bad],
                                            words_of(status)));
    }
    return lines;
}

bool run_sample(Sample const& sample, Trial trial)
{
    if (trial != Trial::Hollow && trial != Trial::Stop) {
        std::string const wrong = end_of(sample, trial);
        EXPECT_EQ(wrong, "") << sample.service << " " << sample.variant;
        return wrong.empty();
    }
    // In a child, for a sample whose service is hollow may follow pointers that were never filled in.
    return in_child([&](auto& told) { return !end_of(sample, trial).empty() || told.size() != 0 ? 1 : 0; }) != 0;
}

} // namespace ringside::test
