// SPDX-License-Identifier: MIT
#include "contract.h"

#include "ob/handle.h"
#include "ob/object.h"
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

std::string end_words(Ddi const& row, uint64_t result)
{
    return row.body.returns_status ? At::hex(static_cast<NTSTATUS>(result)) : result ? "not zero" : "zero";
}

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
    if (m_trial == Trial::NoPool)
        call_without_pool(slots);
    if (m_trial == Trial::Failing)
        return call_failing(slots);
    uint64_t const asked = sim::world().faults().asked();
    uint64_t const result = enter(slots);
    if (m_first_end.empty())
        m_first_end = end_words(*m_import.ddi, result);
    if (!m_first_asking && sim::world().faults().asked() > asked) {
        m_first_asking = asked + 1;
        m_last_asking = sim::world().faults().asked();
    }
    return result;
}

// Who speaks when a service is called outside its IRQL range: one rule for all, but for two that Windows gave numbers of
// their own.
std::string_view outside_rule(std::string_view service)
{
    return service == "IofCallDriver"      ? "SentAboveDispatch"
        : service == "IofCompleteRequest" ? "CompletedAboveDispatch"
                                          : "IrqlAtEntry";
}

uint64_t At::enter(uint64_t* slots)
{
    if (m_trial == Trial::Outside)
        m_expected_bug_check = outside_rule(m_import.ddi->name) == "IrqlAtEntry" ? DRIVER_VERIFIER_DETECTED_VIOLATION
                                                                                : DRIVER_VERIFIER_IOMANAGER_VIOLATION;
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

namespace {

// What a call that failed must leave as it was.
struct Left {
    size_t blocks = 0;
    size_t objects = ob::count();
    size_t handles = ob::open_handles();

    Left()
    {
        ex::for_each_block([](void* count, ex::Block const&) { ++*static_cast<size_t*>(count); }, &blocks);
    }
    std::string difference_to(Left const& before) const
    {
        std::string words;
        auto say = [&](char const* what, size_t was, size_t is) {
            if (was != is)
                words += fmt::format("; {}: {} before, {} after", what, was, is);
        };
        say("pool blocks", before.blocks, blocks);
        say("objects", before.objects, objects);
        say("handles", before.handles, handles);
        return words;
    }
};

// How a row's failure looks: a value, or "raised ...".
std::string failure_words(Ddi const& row, uint64_t const* slots)
{
    switch (row.fail_form(slots)) {
    case Fail::Null:
        return "0x0000000000000000";
    case Fail::Raise:
        return "raised " + At::hex(row.fail_status);
    case Fail::False:
        return "FALSE";
    default:
        return At::hex(row.fail_status);
    }
}

std::string result_words(Ddi const& row, uint64_t result)
{
    switch (row.fail) {
    case Fail::Null:
        return fmt::format("{:#018x}", result);
    case Fail::False:
        return result & 0xFF ? "TRUE" : "FALSE";
    default:
        return At::hex(static_cast<NTSTATUS>(result));
    }
}

} // namespace

uint64_t At::call_failing(uint64_t* slots)
{
    uint64_t const fired = sim::world().faults().fired();
    Left before;
    before.blocks -= m_given;
    before.objects -= m_given_objects;
    std::string ended;
    uint64_t result = 0;
    bool const raising = std::exchange(m_raising, true); // the IRQL is put back here
    try {
        result = enter(slots);
        ended = result_words(*m_import.ddi, result);
    } catch (ke::Raised const& raised) {
        if (sim::world().faults().fired() == fired) {
            m_raising = raising;
            throw;
        }
        ended = "raised " + hex(raised.status);
    }
    m_raising = raising;
    restore_irql();
    if (sim::world().faults().fired() == fired)
        return result;
    m_wrong = ended == failure_words(*m_import.ddi, slots)
        ? Left().difference_to(before)
        : fmt::format("ended with {}, the row says {}", ended, failure_words(*m_import.ddi, slots));
    throw CallCameBack {};
}

// Whatever the call needs is not there but what it has already.
void At::call_without_pool(uint64_t* slots)
{
    Left before;
    before.blocks -= m_given;
    before.objects -= m_given_objects;
    std::vector<void*> taken;
    // Of each kind: one whose pages are all in use may still have room in another's.
    for (POOL_TYPE kind : { NonPagedPool, NonPagedPoolNx, PagedPool })
        for (size_t size = 0x40000; size; size = size > 4096 ? size / 2 : size - 16)
            while (void* block = ex::allocate(kind, size, 'lluF', ex::Owner::Kernel, false))
                taken.push_back(block);
    Ddi const& row = *m_import.ddi;
    bool failed = false;
    m_raising = true;
    try {
        uint64_t const result = enter(slots);
        m_first_end = end_words(row, result);
        failed = row.body.returns_status ? NT_ERROR(static_cast<NTSTATUS>(result))
                                         : result_words(row, result) == failure_words(row, slots);
    } catch (ke::Raised const& raised) {
        m_first_end = "raised " + hex(raised.status);
        failed = true;
    }
    restore_irql();
    for (void* block : taken)
        ex::free(block, 'lluF');
    // What never fails may give back what there was before.
    m_wrong = failed && row.fail != Fail::Never ? Left().difference_to(before) : std::string();
    throw CallCameBack {};
}

extern "C" char __executable_start, etext; // the linker's

namespace {

bool is_routine(uint64_t address)
{
    auto const low = reinterpret_cast<uint64_t>(&__executable_start);
    return address - low < reinterpret_cast<uint64_t>(&etext) - low;
}

} // namespace

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
        // A routine of the sample's is the host's code: from its second byte on it is none.
        return is_routine(good) ? good : good + 1;
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
        // As code, 0xA5 copies memory wherever the registers point; 0x06 is no instruction.
        return reinterpret_cast<uint64_t>(block(is_routine(good) ? 0x06 : 0xA5));
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
        if (trial == Trial::Outside && crash->rule != outside_rule(sample.service))
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

std::string run_failing(Sample const& sample)
{
    BootOptions options = boot_options(sample);
    options.faults = { .kind = sim::FaultPlan::Kind::Nth, .nth = ~uint64_t { 0 } };
    uint64_t last = 0;
    {
        BootedKernel boot(options);
        if (boot.rooms.exports.import(sample.service).ddi->fail == Fail::Never)
            return {};
        At at(boot, sample.service, Trial::Lowest);
        (void)run_in(boot, sample, at);
        options.faults.nth = at.first_asking();
        last = at.last_asking();
        // The call may have ended the machine as it should.
        if (!last)
            return boot.crash() ? "" : "no call of the service asks the fault door";
    }
    for (; options.faults.nth <= last; ++options.faults.nth) {
        BootedKernel boot(options);
        At at(boot, sample.service, Trial::Failing);
        (void)run_in(boot, sample, at);
        if (auto const* crash = boot.crash())
            return fmt::format("bug check {:#x}: {}", crash->code, crash->words);
        if (!at.wrong().empty())
            return at.wrong();
    }
    return {};
}

std::string run_without_pool(Sample const& sample)
{
    // A machine that is soon full.
    BootOptions options = boot_options(sample);
    options.memory_bytes = 48 * hal::kMiB;
    std::string with_pool;
    bool may_fail = true;
    {
        BootedKernel boot(options);
        may_fail = boot.rooms.exports.import(sample.service).ddi->fail != Fail::Never;
        At at(boot, sample.service, Trial::Lowest);
        (void)run_in(boot, sample, at);
        with_pool = at.first_end();
    }
    int const status = in_child([&](auto&) {
        BootedKernel boot(options);
        At at(boot, sample.service, Trial::NoPool);
        (void)run_in(boot, sample, at);
        std::string wrong;
        if (at.first_end().empty()) {
            // It did not come back. With pool that is what the sample wants to see, or the machine ends for want of it.
            if (auto const* crash = boot.crash(); crash && !with_pool.empty())
                wrong = fmt::format("; bug check {:#x}: {}", crash->code, crash->words);
        } else if (!with_pool.empty() && at.first_end() != with_pool) { // empty: it raises with pool, too
            wrong = at.wrong();
            if (!may_fail)
                wrong += fmt::format("; the row says that it never fails, and it ended with {}", at.first_end());
        }
        if (!wrong.empty())
            std::fprintf(stderr, "%s %s%s\n", sample.service, sample.variant, wrong.c_str());
        return wrong.empty() ? 0 : 3;
    });
    if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
        return "what standard error says";
    return status ? words_of(status) : "";
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
