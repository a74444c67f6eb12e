// SPDX-License-Identifier: MIT
#include "film.h"

#include "search.h"

#include "base/check.h"
#include "cm/callbacks.h"
#include "cm/notify.h"
#include "ex/pool.h"
#include "io/driver.h"
#include "ke/bugcheck_callbacks.h"
#include "ke/interrupt.h"
#include "ob/ddi.h"
#include "ps/ddi.h"
#include "ps/process.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace ringside::test {

namespace {

constexpr ULONG kTag = 'mliF';

uint64_t number_from(char const* variable, uint64_t otherwise)
{
    char const* given = std::getenv(variable);
    return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

// Everything that a film could leave behind, as words. System workers come when work asks for them, and stay.
std::string inventory(machine::Rooms& rooms)
{
    ex::Residue const ex = rooms.executive.residue();
    mm::Residue const mm = rooms.memory.residue();
    size_t threads = 0;
    rooms.kernel.for_each_thread([&](ke::Thread&) { ++threads; });
    return fmt::format(
        "drivers' threads {} stacks without a thread {} objects {} kernel handles {} pool blocks {} lookaside lists {} resources {} work items {} "
        "timers {}+{} dpcs {} heaps {} locked MDLs {} mapped MDLs {} user views {} contiguous blocks {} page sets {} "
        "i/o mappings {} reserved ranges {} secured ranges {} sections {} system views {} system regions {} irps {} "
        "files {} devices {} interrupts {} object callbacks {} notify routines {} registry callbacks {} "
        "registry waits {} bug-check callbacks {}",
        rooms.processes.driver_threads(), rooms.kernel.stacks().in_use() - threads, ob::count() - threads, ob::open_kernel_handles(), ex.pool_blocks,
        ex.lookaside_lists, ex.resources, ex.work_items, ex.timers, rooms.kernel.timers_pending(),
        rooms.kernel.dpcs_pending(), ex.heaps, mm.locked_mdls, mm.mapped_mdls, mm.user_views, mm.contiguous_blocks,
        mm.mdl_page_sets, mm.io_mappings, mm.reserved_ranges, mm.secured_ranges, mm.sections, mm.system_views,
        mm.system_regions, rooms.io.irps().live(), rooms.io.files().live(), rooms.io.devices().live(),
        rooms.kernel.interrupt_objects().connected(), rooms.objects.callbacks.count(),
        rooms.processes.notify_routines(), cm::g_callbacks->count(), cm::notifies_pending(),
        ke::bug_check_callbacks());
}

NTAPI void nothing_to_unload(DRIVER_OBJECT*) { }

NTAPI NTSTATUS entry(DRIVER_OBJECT* driver, UNICODE_STRING*)
{
    driver->DriverUnload = &nothing_to_unload;
    return STATUS_SUCCESS;
}

struct Seed {
    uint64_t seed;
    void (*body)(Film&);
    FilmOptions const& options;
    std::set<std::string>& seen;
    ke::SchedulePlan* plan = nullptr;
    bool second_first = false;

    void run()
    {
        BootedKernel boot({ .seed = seed, .processors = 4, .binding = ke::Binding::Verified });
        Film film(boot, seed, plan, second_first);
        if (options.prepare)
            boot.run_on_thread([&] { options.prepare(boot.rooms); });
        // The first run of a worker or an idle thread may leave something for good: that is no film's doing.
        boot.settle();
        std::string const before = inventory(boot.rooms);
        bool const done = boot.run_on_thread([&] { body(film); });
        seen.insert(film.ways().begin(), film.ways().end());
        if (auto const* crash = boot.crash()) {
            EXPECT_EQ(crash->code, options.bug_check) << fmt::format("bug check {:#x}: {}", crash->code, crash->words);
            if (options.after_bug_check)
                options.after_bug_check();
            return;
        }
        EXPECT_EQ(options.bug_check, 0u) << "no bug check came";
        ASSERT_TRUE(done) << "the film did not come to its end";
        boot.settle();
        film.strike();
        EXPECT_EQ(inventory(boot.rooms), before) << "something is left";
    }
};

} // namespace

void* Film::bytes(size_t count)
{
    m_blocks.push_back(ex::allocate(NonPagedPool, count, kTag, ex::Owner::Kernel, true));
    return m_blocks.back();
}

UNICODE_STRING& Film::string(std::u16string_view text)
{
    auto* characters = static_cast<char16_t*>(bytes((text.size() + 1) * 2));
    std::memcpy(characters, text.data(), text.size() * 2);
    auto& made = object<UNICODE_STRING>();
    made = { static_cast<USHORT>(text.size() * 2), static_cast<USHORT>(text.size() * 2 + 2), characters };
    return made;
}

OBJECT_ATTRIBUTES& Film::attributes(std::u16string_view name, ULONG flags)
{
    auto& made = object<OBJECT_ATTRIBUTES>();
    made.Length = sizeof made;
    made.Attributes = OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE | flags;
    if (!name.empty())
        made.ObjectName = &string(name);
    return made;
}

PEPROCESS Film::client()
{
    auto made = rooms().processes.create_client(u"\\??\\C:\\film.exe");
    CHECK(made.ok(), "a film's client could not be made");
    auto const process = reinterpret_cast<PEPROCESS>((*made)->guest);
    call("ObfReferenceObject", process);
    return process;
}

void Film::end(PEPROCESS client)
{
    HANDLE handle = nullptr;
    ok("ObOpenObjectByPointer", client, ULONG { OBJ_KERNEL_HANDLE }, nullptr, ULONG { PROCESS_ALL_ACCESS }, nullptr,
       KPROCESSOR_MODE { KernelMode }, &handle);
    ok("ZwTerminateProcess", handle, STATUS_CANCELLED);
    EXPECT_EQ(wait(client), STATUS_SUCCESS);
    ok("ZwClose", handle);
    call("ObfDereferenceObject", client);
}

DRIVER_OBJECT* Film::driver()
{
    auto made = io::create_driver({ .name = u"film", .entry = &entry, .registry_path = u"\\Registry" });
    CHECK(made.ok(), "a film's driver could not be made");
    return (*made)->object;
}

void Film::unload(DRIVER_OBJECT* driver) { EXPECT_EQ(io::unload_driver(driver), STATUS_SUCCESS); }

NTAPI void Film::thread_main(PVOID context)
{
    (*static_cast<std::function<void()>*>(context))();
}

size_t Film::thread(std::function<void()> body)
{
    HANDLE handle = nullptr;
    PVOID made = nullptr;
    // Owned here, for a bug check abandons the thread.
    m_bodies.push_back(std::make_unique<std::function<void()>>(std::move(body)));
    ok("PsCreateSystemThread", &handle, ULONG { THREAD_ALL_ACCESS }, nullptr, nullptr, nullptr, &thread_main,
       m_bodies.back().get());
    ok("ObReferenceObjectByHandle", handle, ULONG { SYNCHRONIZE }, nullptr, KPROCESSOR_MODE { KernelMode }, &made, nullptr);
    ok("ZwClose", handle);
    m_threads.push_back(static_cast<PKTHREAD>(made));
    return m_threads.size() - 1;
}

void Film::client_main(ke::Thread&, void* context) { (*static_cast<std::function<void()>*>(context))(); }

size_t Film::client_thread(PEPROCESS process, std::function<void()> body)
{
    m_bodies.push_back(std::make_unique<std::function<void()>>(std::move(body)));
    auto made = rooms().processes.create_client_thread(*rooms().processes.process_of(process), &client_main,
                                                       m_bodies.back().get());
    CHECK(made.ok(), "a film's client thread could not be made");
    auto const thread = static_cast<PKTHREAD>((*made)->pointer());
    call("ObfReferenceObject", thread);
    m_threads.push_back(thread);
    return m_threads.size() - 1;
}

namespace {

constexpr KAFFINITY kFirstProcessor = 1, kSecondProcessor = 2, kFilmsProcessor = 4;

} // namespace

size_t Film::racer(Racer const& of, std::function<void()> body)
{
    return of.client ? client_thread(of.client, std::move(body)) : thread(std::move(body));
}

void Film::race(Racer first, Racer second)
{
    auto& go = object<KEVENT>();
    call("KeInitializeEvent", &go, NotificationEvent, BOOLEAN { FALSE });
    int ready = 0;
    if (m_plan)
        call("KeSetSystemAffinityThreadEx", kFilmsProcessor);
    for (int i : { 0, 1 }) {
        Racer const& of = i ? second : first;
        racer(of, [this, i, &of, &go, &ready] {
            // Of two processors with something to do the lower one has the turn first.
            if (m_plan)
                call("KeSetSystemAffinityThreadEx", (i == 1) == m_second_first ? kFirstProcessor : kSecondProcessor);
            of.before();
            ++ready;
            wait(&go);
            if (!m_plan)
                linger(draw(16));
            of.body();
        });
    }
    while (ready < 2)
        sleep(1000);
    if (!m_plan) {
        call("KeSetEvent", &go, 0, BOOLEAN { FALSE });
        join();
        return;
    }
    sleep(1000); // both are at the start
    // Until both have ended, this thread passes no schedule point.
    rooms().kernel.follow(m_plan);
    ke::KeSetEvent(&go, 0, FALSE);
    for (PKTHREAD ended : m_threads)
        ke::KeWaitForSingleObject(ended, Executive, KernelMode, FALSE, nullptr);
    rooms().kernel.follow(nullptr);
    join();
    call("KeRevertToUserAffinityThreadEx", KAFFINITY { 0 });
}

void Film::join()
{
    for (size_t i = 0; i < m_threads.size(); ++i)
        EXPECT_EQ(wait(m_threads[i]), STATUS_SUCCESS);
    for (PKTHREAD thread : m_threads)
        call("ObfDereferenceObject", thread);
    m_threads.clear();
}

NTSTATUS Film::wait(void* object, uint64_t microseconds)
{
    LARGE_INTEGER time_out { .QuadPart = -static_cast<int64_t>(microseconds) * 10 };
    return status("KeWaitForSingleObject", object, Executive, KPROCESSOR_MODE { KernelMode }, BOOLEAN { FALSE },
                  microseconds ? &time_out : nullptr);
}

void Film::sleep(uint64_t microseconds)
{
    LARGE_INTEGER interval { .QuadPart = -static_cast<int64_t>(microseconds) * 10 };
    ok("KeDelayExecutionThread", KPROCESSOR_MODE { KernelMode }, BOOLEAN { FALSE }, &interval);
}

void Film::step() { call("KeGetCurrentIrql"); }

uint64_t Film::draw(uint64_t below)
{
    if (m_plan)
        return 0;
    uint64_t z = m_draw += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return (z ^ z >> 31) % below;
}

void Film::strike()
{
    for (void* block : m_blocks)
        ex::free(block, kTag);
    m_blocks.clear();
}

void run_film(char const* name, void (*body)(Film&), std::set<std::string> const& ways, FilmOptions const& options)
{
    uint64_t const first = number_from("RINGSIDE_FIRST_SEED", 1);
    uint64_t const seeds = number_from("RINGSIDE_SEEDS", 200);
    std::set<std::string> seen;
    for (uint64_t seed = first; seed < first + seeds; ++seed) {
        Seed { seed, body, options, seen }.run();
        if (::testing::Test::HasFailure()) {
            ADD_FAILURE() << "to see it again: RINGSIDE_FIRST_SEED=" << seed
                          << " RINGSIDE_SEEDS=1 test_films --gtest_filter=film." << name;
            return;
        }
    }
    if (seeds >= 200)
        EXPECT_EQ(seen, ways) << "the ways that it went";
}

namespace {

struct Search {
    char const* name;
    void (*body)(Film&);
    FilmOptions const& options;
    std::set<std::string> seen {};

    bool run(ke::SchedulePlan& plan, bool second_first)
    {
        if (::testing::Test::HasFailure())
            return false;
        Seed { 1, body, options, seen, &plan, second_first }.run();
        EXPECT_EQ(plan.followed, plan.preempt_at.size()) << "a schedule that did not come about again";
        if (::testing::Test::HasFailure())
            ADD_FAILURE() << fmt::format("to see it again: RINGSIDE_SCHEDULE={}{}{} test_films --gtest_filter=search.{}",
                                         second_first ? "second" : "first", plan.preempt_at.empty() ? "" : ",",
                                         fmt::join(plan.preempt_at, ","), name);
        return !::testing::Test::HasFailure();
    }
};

// "second,3,17": who begins, and where the turn passes.
void one_schedule(Search& search, std::string const& given)
{
    ke::SchedulePlan plan;
    for (size_t i = given.find(','); i != std::string::npos; i = given.find(',', i + 1))
        plan.preempt_at.push_back(static_cast<uint32_t>(std::strtoul(given.c_str() + i + 1, nullptr, 10)));
    search.run(plan, given.starts_with("second"));
}

} // namespace

void run_search(char const* name, void (*body)(Film&), std::set<std::string> const& ways, FilmOptions const& options)
{
    Search search { name, body, options };
    if (char const* given = std::getenv("RINGSIDE_SCHEDULE"))
        return one_schedule(search, given);
    size_t const preemptions = number_from("RINGSIDE_PREEMPTIONS", 2);
    uint64_t interleavings = 0;
    for (bool second_first : { false, true })
        interleavings
            += search_schedules(preemptions, [&](ke::SchedulePlan& plan) { return search.run(plan, second_first); });
    fmt::print("{}: {} interleavings with at most {} pre-emptions\n", name, interleavings, preemptions);
    if (!::testing::Test::HasFailure() && preemptions >= 2)
        EXPECT_EQ(search.seen, ways) << "the ways that it went";
}

} // namespace ringside::test

