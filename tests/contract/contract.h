// SPDX-License-Identifier: MIT
// Contract samples: for each service one small program that calls it as a driver does, and looks at the result and at
// each documented error. A sample runs at the lowest and at the highest IRQL that the service's row allows; then one
// step outside that range, where the Verifier must name the call. Every row needs a sample (contract_census).
//
//   SAMPLE(KeSetEvent)
//   {
//       auto& event = at.object<KEVENT>();
//       ke::KeInitializeEvent(&event, NotificationEvent, FALSE);
//       at.returns(0, &event, 0, FALSE);     // calls KeSetEvent at the IRQL under test, and compares
//       EXPECT_EQ(event.Header.SignalState, 1);
//   }
//
// Calls pass the verified entry: schedule point, fault door, Verifier, body, log line. Everything else in a sample runs
// at PASSIVE_LEVEL. A sample must fail when its service does nothing and returns 0, and when it is not there: the
// nightly test `contract_mutation` looks. Where doing nothing and returning 0 is the contract, say so with
// SAMPLE_OF_NOTHING.
#pragma once

#include "boot.h"
#include "slots.h"
#include "ex/pool.h"
#include "ke/exception.h"
#include "mm/address_space.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::test {

// What is asked of a sample's run.
enum class Trial : uint8_t {
    Lowest, // the sample holds at the row's lowest IRQL
    Highest, // ... and at its highest
    Outside, // its first call is made outside the range: the Verifier must end the machine
    Hollow, // the service returns 0 and does nothing: the sample must fail
    Stop, // the service is not there: the sample must not end well
    Hostile, // one argument of its first call is replaced: any end but one of the host's will do
    Failing, // the fault door fails one call: it ends as its row says, and nothing is left of it
    NoPool, // pool is empty during its first call: a failure or a success, and nothing is left of a failure
};

// A pointer that a driver should not have passed: what replaces one argument of a sample's first call.
enum class BadPointer : uint8_t {
    Null,
    Low,
    Unaligned,
    User,
    NotMapped,
    NotCanonical,
    Freed,
    Garbage,
    Zeroes,
    PageEnd,
    Count
};

class At {
public:
    At(BootedKernel& boot, char const* service, Trial trial);
    // Trial::Hostile: argument `index` of the first call becomes this.
    void replace(unsigned index, BadPointer with)
    {
        m_bad_index = index;
        m_bad = with;
    }
    // Trial::Lowest with a plan that never fires: the numbers of the first and the last asking of the fault door by the
    // first call of the service that asks; 0: there was none.
    uint64_t first_asking() const { return m_first_asking; }
    uint64_t last_asking() const { return m_last_asking; }
    // Trial::Failing and Trial::NoPool: what was wrong with the end of the call; nothing when it was right.
    std::string const& wrong() const { return m_wrong; }
    // How the first call that came back ended: a status, else whether it was zero.
    std::string const& first_end() const { return m_first_end; }
    // The arguments of the first call, as the sample gave them.
    std::vector<uint64_t> const& first_arguments() const { return m_first_arguments; }
    unsigned arguments() const { return m_import.ddi->body.arguments; }

    // --- Calls of the service under test, at the IRQL under test ---

    // Its result, whole: narrow ones (BOOLEAN, KIRQL) are compared by `returns`, which knows their width.
    template <typename... A>
    uint64_t call(A... arguments)
    {
        uint64_t slots[kSlots] = { slot(arguments)... };
        return call_slots(slots);
    }
    // Compares as many bits as the expected value's type has.
    template <typename R, typename... A>
    void returns(R expected, A... arguments)
    {
        compare(slot(expected), sizeof(R), call(arguments...));
    }
    template <typename... A>
    void status(nt::NTSTATUS expected, A... arguments)
    {
        expect_status(expected, call(arguments...));
    }
    // The service raises this status.
    template <typename... A>
    void raises(nt::NTSTATUS expected, A... arguments)
    {
        nt::NTSTATUS raised = 0;
        m_raising = true;
        try {
            call(arguments...);
        } catch (ke::Raised const& what) {
            raised = what.status;
        }
        m_raising = false;
        restore_irql();
        EXPECT_EQ(hex(raised), hex(expected)) << "the status that is raised";
    }
    // The call ends the machine with this code: the last thing of a sample.
    template <typename... A>
    void bug_checks(uint32_t code, A... arguments)
    {
        m_expected_bug_check = code;
        call(arguments...);
        ADD_FAILURE() << "the call returned, bug check " << hex(static_cast<nt::NTSTATUS>(code)) << " was expected";
        m_expected_bug_check = 0;
    }

    // The IRQL that calls are made at, and the one that the last call left behind.
    uint8_t irql() const { return m_irql; }
    uint8_t irql_after() const { return m_irql_after; }
    bool at_passive() const { return m_irql == 0; }

    // --- What a driver would have ---

    // Zeroed non-paged memory, as aligned as a page.
    void* bytes(size_t count) { return ex::allocate(nt::NonPagedPool, count, 'lpmS', ex::Owner::Kernel, true); }
    // The same, for the next call, which frees it however it ends.
    void* given_bytes(size_t count)
    {
        m_given = 1;
        return bytes(count);
    }
    // An object's last reference, and the block that it stands in, are the next call's, which gives them back when it fails.
    void object_is_given() { m_given = m_given_objects = 1; }
    template <typename T>
    T& object()
    {
        return *new (bytes(sizeof(T))) T {};
    }
    // A counted string whose characters live as long as the sample's machine.
    nt::UNICODE_STRING& string(std::u16string_view text);
    // Zeroed memory of the client process; samples with Where::Client only.
    void* user_bytes(size_t count);
    // Another service, called as a driver calls it, at PASSIVE_LEVEL.
    template <typename... A>
    uint64_t also(char const* name, A... arguments)
    {
        uint64_t slots[kSlots] = { slot(arguments)... };
        return call_other(name, slots);
    }
    machine::Rooms& rooms() { return m_boot.rooms; }

    uint32_t expected_bug_check() const { return m_expected_bug_check; }
    bool called() const { return m_called; }
    bool outside_has_a_place() const { return m_has_outside; }
    static std::string hex(nt::NTSTATUS status);

private:
    uint64_t call_slots(uint64_t* slots);
    [[noreturn]] void call_with_bad_pointer(uint64_t* slots);
    uint64_t call_failing(uint64_t* slots);
    [[noreturn]] void call_without_pool(uint64_t* slots);
    uint64_t enter(uint64_t* slots);
    uint64_t bad_pointer(uint64_t good);
    uint64_t call_other(char const* name, uint64_t* slots);
    void restore_irql();
    void compare(uint64_t expected, size_t bytes, uint64_t result);
    void expect_status(nt::NTSTATUS expected, uint64_t result);

    BootedKernel& m_boot;
    ke::Import& m_import;
    Trial m_trial;
    uint8_t m_irql = 0;
    uint8_t m_irql_after = 0;
    uint8_t m_irql_before = 0;
    uint32_t m_expected_bug_check = 0;
    bool m_called = false;
    bool m_raising = false;
    size_t m_given = 0; // blocks that the call frees
    size_t m_given_objects = 0;
    bool m_has_outside = true;
    unsigned m_bad_index = 0;
    BadPointer m_bad = BadPointer::Null;
    std::vector<uint64_t> m_first_arguments;
    uint64_t m_first_asking = 0;
    uint64_t m_last_asking = 0;
    std::string m_first_end;
    std::string m_wrong = "no call of the service failed";
};

enum class Where : uint8_t { SystemThread, Client };

struct Sample {
    char const* service;
    char const* variant; // "" for the first sample of a service
    void (*run)(At& at);
    Where where = Where::SystemThread;
    char const* hollow_is_right = nullptr; // why doing nothing and returning 0 fulfils the contract
    BootOptions boot {};
};

// For gtest's messages.
inline void PrintTo(Sample const& sample, std::ostream* out) { *out << sample.service << " " << sample.variant; }

// All samples of the program, in no order that matters.
std::vector<Sample>& samples();

struct SampleRegistrar {
    explicit SampleRegistrar(Sample sample) { samples().push_back(sample); }
};

#define RINGSIDE_SAMPLE_(service, variant, ...)                                                                        \
    static void sample_##service##_##variant([[maybe_unused]] ::ringside::test::At& at);                               \
    static ::ringside::test::SampleRegistrar const registrar_##service##_##variant({ __VA_ARGS__ });                   \
    static void sample_##service##_##variant([[maybe_unused]] ::ringside::test::At& at)

// On a thread of the System process.
#define SAMPLE(service) RINGSIDE_SAMPLE_(service, , #service, "", &sample_##service##_)
// A second sample of the same service: another situation.
#define SAMPLE_AS(service, variant)                                                                                    \
    RINGSIDE_SAMPLE_(service, variant, #service, #variant, &sample_##service##_##variant)
// On a thread of a client process, which has user memory.
#define CLIENT_SAMPLE(service)                                                                                         \
    RINGSIDE_SAMPLE_(service, , #service, "", &sample_##service##_, ::ringside::test::Where::Client)
// The contract is to do nothing and return 0, for this reason.
#define SAMPLE_OF_NOTHING(service, why)                                                                                \
    RINGSIDE_SAMPLE_(service, , #service, "", &sample_##service##_, ::ringside::test::Where::SystemThread, why)

// In a machine made so, a BootOptions; `hollow` is null, or why doing nothing and returning 0 is right.
#define SAMPLE_ON(service, variant, hollow, ...)                                                                       \
    RINGSIDE_SAMPLE_(service, variant, #service, #variant, &sample_##service##_##variant,                              \
                     ::ringside::test::Where::SystemThread, hollow, __VA_ARGS__)

// Runs one sample in a fresh machine. True when it did what the trial asks for; otherwise gtest has been told, but in
// the trials Hollow and Stop, where the answer alone counts.
bool run_sample(Sample const& sample, Trial trial);

// Runs a sample until a call of its service asks the fault door, and fails that; once for each time that the call asks.
// Returns what was wrong; nothing when all was right, or the service's row says that it never fails.
std::string run_failing(Sample const& sample);
// Runs a sample's first call with no pool left, in a child process. Returns what was wrong: the host did not live,
// something is left of a call that failed, or a service ended otherwise than with pool, whose row says that it never
// fails.
std::string run_without_pool(Sample const& sample);

// Runs a sample's first call once for each of its pointers and each bad pointer, in a child process each. Returns what
// ended worse than a driver's fault may: one line per call that killed the host, broke a promise of ours, or hung.
std::vector<std::string> run_hostile(Sample const& sample);

} // namespace ringside::test
