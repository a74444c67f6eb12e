// SPDX-License-Identifier: MIT
// Runs a film under its seeds, and a race under all its interleavings: each in a machine of its own, with a look at what is
// left.
#include "film.h"

#include "search.h"

#include "cm/callbacks.h"
#include "cm/notify.h"
#include "ke/bugcheck_callbacks.h"
#include "ke/interrupt.h"
#include "ob/ddi.h"
#include "ps/ddi.h"
#include "ps/process.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace ringside::test {

namespace {

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

struct Seed {
    uint64_t seed;
    void (*body)(Film&);
    FilmOptions const& options;
    std::set<std::string>& seen;
    ke::SchedulePlan* plan = nullptr;
    bool second_first = false;

    void run()
    {
        BootedKernel boot({ .seed = seed, .processors = 4, .binding = ke::Binding::Verified,
                            .explore = options.explore });
        Film film(boot, seed, plan, second_first);
        if (options.prepare)
            boot.run_on_thread([&] { options.prepare(boot.rooms); });
        // The first run of a worker or an idle thread may leave something for good: that is no film's doing.
        boot.settle();
        std::string const before = inventory(boot.rooms);
        bool const done = boot.run_on_thread([&] { body(film); });
        seen.insert(film.ways().begin(), film.ways().end());
        if (options.any_end) {
            if (std::string const end = end_of(boot, done, before, film); !end.empty())
                seen.insert(end);
            return;
        }
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

    // Empty: as it should be.
    static std::string end_of(BootedKernel& boot, bool done, std::string const& before, Film& film)
    {
        if (auto const* crash = boot.crash())
            return fmt::format("{:#x}", crash->code);
        if (!done)
            return "stuck";
        boot.settle();
        film.strike();
        return inventory(boot.rooms) == before ? "" : "left";
    }
};

} // namespace

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
    if (::testing::Test::HasFailure() || preemptions < 2)
        return;
    if (options.any_end) // a fault may show in more ways than one
        EXPECT_TRUE(std::ranges::includes(search.seen, ways)) << fmt::format("{}", fmt::join(search.seen, ", "));
    else
        EXPECT_EQ(search.seen, ways) << "the ways that it went";
}

} // namespace ringside::test
