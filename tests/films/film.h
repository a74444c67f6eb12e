// SPDX-License-Identifier: MIT
// Films across rooms: a mechanism with all who take part in it, under many seeds. Each seed boots a machine of its own
// with four processors and draws a schedule; services are called through the verified entry, so that the turn may pass
// to another processor at each call.
//
//   FILM(event_and_time_out, "set first", "timed out first")
//   {
//       auto& event = film.object<KEVENT>();
//       film.call("KeInitializeEvent", &event, NotificationEvent, FALSE);
//       film.thread([&] { film.call("KeSetEvent", &event, 0, FALSE); });
//       film.went(film.wait(&event, 10) == STATUS_SUCCESS ? "set first" : "timed out first");
//       film.join();
//   }
//
// The names are the ways it can go: over all seeds each must be seen, and no other. A film whose threads never race
// thereby fails. At its end nothing may be left that was not there at its beginning.
//
// RINGSIDE_SEEDS says how many seeds (200), RINGSIDE_FIRST_SEED where they begin.
#pragma once

#include "boot.h"
#include "slots.h"
#include "ke/dispatcher_objects.h"
#include "ke/schedule_plan.h"

#include <gtest/gtest.h>

#include <concepts>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ringside::test {

using namespace ringside::nt;

class Film {
public:
    // With a plan, its race() runs as the plan says, and draw() always gives 0.
    Film(BootedKernel& boot, uint64_t seed, ke::SchedulePlan* plan = nullptr, bool second_first = false)
        : m_boot(boot), m_draw(seed), m_plan(plan), m_second_first(second_first)
    {
    }

    // --- Calls, as a driver makes them, at the IRQL of the moment ---

    template <typename... A>
    uint64_t call(char const* service, A... arguments)
    {
        uint64_t slots[kSlots] = { slot(arguments)... };
        ke::Import& import = m_boot.rooms.exports.import(service);
        return import.entry(slots, &import);
    }
    template <typename... A>
    NTSTATUS status(char const* service, A... arguments)
    {
        return static_cast<NTSTATUS>(call(service, arguments...));
    }
    // A call that must succeed.
    template <typename... A>
    void ok(char const* service, A... arguments)
    {
        EXPECT_EQ(static_cast<uint32_t>(call(service, arguments...)), 0u) << service;
    }
    template <typename... A>
    bool yes(char const* service, A... arguments)
    {
        return static_cast<uint8_t>(call(service, arguments...)) != 0;
    }

    // --- What a driver would have ---

    // Zeroed non-paged memory, freed after the film.
    void* bytes(size_t count);
    template <typename T>
    T& object()
    {
        return *new (bytes(sizeof(T))) T {};
    }
    UNICODE_STRING& string(std::u16string_view text);
    // For OBJ_KERNEL_HANDLE handles; flags beyond that one as given.
    OBJECT_ATTRIBUTES& attributes(std::u16string_view name = {}, ULONG flags = 0);
    // A client process without a thread, referenced. It goes with end().
    PEPROCESS client();
    // Terminates it, and lets it go.
    void end(PEPROCESS client);
    // A driver object without an image; its dispatch routines are the film's to set.
    DRIVER_OBJECT* driver();
    // Its devices are deleted. On the film's first thread.
    void unload(DRIVER_OBJECT* driver);

    // --- Threads ---

    // A system thread that runs `body` at PASSIVE_LEVEL and ends; its number. From any thread.
    size_t thread(std::function<void()> body);
    // The thread object, for waits and APCs: valid until join().
    PKTHREAD thread_object(size_t number) const { return m_threads[number]; }
    // The same in a client: as one that came from user mode, where it can be ended.
    size_t client_thread(PEPROCESS process, std::function<void()> body);
    // Who takes part in a race. `before` runs on its thread before either begins, outside the search.
    struct Racer {
        Racer(std::invocable auto of) : body(std::move(of)) {}
        Racer(std::function<void()> first, std::function<void()> then, PEPROCESS of = nullptr)
            : before(std::move(first)), body(std::move(then)), client(of)
        {
        }
        std::function<void()> before = [] {};
        std::function<void()> body;
        PEPROCESS client = nullptr; // whose thread it is; null: the System process'
    };
    // Two threads that begin at the same time, and their end. In a search: the interleaving under test.
    void race(Racer first, Racer second);
    // Waits for the end of all threads that thread() made, and lets them go.
    void join();
    // KernelMode, not alertable; a time-out of 0 microseconds: for ever.
    NTSTATUS wait(void* object, uint64_t microseconds = 0);
    void sleep(uint64_t microseconds);
    // A turn for whoever else is there: a schedule point that takes no time worth speaking of.
    void step();

    // An InterlockedExchange of a driver's, as explore mode sees it: the turn may pass before it.
    template <typename T>
    T exchange(T volatile& word, std::type_identity_t<T> value)
    {
        step();
        return __atomic_exchange_n(&word, value, __ATOMIC_SEQ_CST);
    }

    // A number below that one, from the seed: for what no schedule varies, such as how long somebody waits.
    uint64_t draw(uint64_t below);
    // Lets that many schedule points of others pass, more or less.
    void linger(uint64_t steps)
    {
        for (uint64_t i = 0; i < steps; ++i)
            step();
    }

    // Which way it went: any number of them in one seed.
    void went(std::string way) { m_ways.insert(std::move(way)); }

    machine::Rooms& rooms() { return m_boot.rooms; }
    BootedKernel& boot() { return m_boot; }
    std::set<std::string> const& ways() const { return m_ways; }
    // After the film: frees what it was given.
    void strike();

private:
    static NTAPI void thread_main(PVOID context);
    static void client_main(ke::Thread&, void* context);
    size_t racer(Racer const& of, std::function<void()> body);

    BootedKernel& m_boot;
    uint64_t m_draw;
    ke::SchedulePlan* m_plan;
    bool m_second_first;
    std::vector<void*> m_blocks;
    std::vector<PKTHREAD> m_threads;
    std::vector<std::unique_ptr<std::function<void()>>> m_bodies;
    std::set<std::string> m_ways;
};

// A thread's stay in a client's addresses.
class Attached {
public:
    Attached(Film& film, PEPROCESS process) : m_film(film), m_state(film.object<KAPC_STATE>())
    {
        m_film.call("KeStackAttachProcess", process, &m_state);
    }
    ~Attached() { m_film.call("KeUnstackDetachProcess", &m_state); }
    Attached(Attached const&) = delete;
    Attached& operator=(Attached const&) = delete;

private:
    Film& m_film;
    KAPC_STATE& m_state;
};

struct FilmOptions {
    // What a machine has before the film begins: on a thread of it.
    void (*prepare)(machine::Rooms&) = nullptr;
    // The bug check in which it ends, every time; 0: it goes on.
    uint32_t bug_check = 0;
    // Looks at what is left when it ended so.
    void (*after_bug_check)() = nullptr;
};

// Every interleaving of its race() with so many pre-emptions at most.
//
// RINGSIDE_PREEMPTIONS says how many (2 in the quick suite, 3 nightly). RINGSIDE_SCHEDULE shows one of them again.
void run_search(char const* name, void (*body)(Film&), std::set<std::string> const& ways, FilmOptions const& options = {});
void run_film(char const* name, void (*body)(Film&), std::set<std::string> const& ways, FilmOptions const& options = {});

} // namespace ringside::test

#define FILM_WITH(options, name, ...)                                                                                  \
    static void film_##name(ringside::test::Film& film);                                                               \
    TEST(film, name) { ringside::test::run_film(#name, film_##name, { __VA_ARGS__ }, options); }                       \
    static void film_##name([[maybe_unused]] ringside::test::Film& film)
// A film with one race() in it, that is also searched.
#define RACE_WITH(options, name, ...)                                                                                  \
    static void film_##name(ringside::test::Film& film);                                                               \
    TEST(film, name) { ringside::test::run_film(#name, film_##name, { __VA_ARGS__ }, options); }                       \
    TEST(search, name) { ringside::test::run_search(#name, film_##name, { __VA_ARGS__ }, options); }                   \
    static void film_##name([[maybe_unused]] ringside::test::Film& film)
#define RACE(name, ...) RACE_WITH(ringside::test::FilmOptions {}, name, __VA_ARGS__)
#define FILM(name, ...) FILM_WITH(ringside::test::FilmOptions {}, name, __VA_ARGS__)
