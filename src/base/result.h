// SPDX-License-Identifier: MIT
// Result<T>: failure (a) of the four kinds (docs/design.md D9): a status that is told to the driver or the client.
// NTSTATUS is an int32_t, so a Result<LONG> could not tell value from error: errors have their own type, Failure.
#pragma once

#include "base/check.h"

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace ringside {

struct [[nodiscard]] Failure {
    int32_t status; // an NTSTATUS with severity warning or error
};

template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(Failure failure) : m_state(std::in_place_index<1>, failure) {}

    bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }
    T& value()
    {
        CHECK(ok(), "value() of a failed Result");
        return std::get<0>(m_state);
    }
    T const& value() const
    {
        CHECK(ok(), "value() of a failed Result");
        return std::get<0>(m_state);
    }
    T& operator*() { return value(); }
    T* operator->() { return &value(); }
    T take() { return std::move(value()); }
    Failure failure() const
    {
        CHECK(!ok(), "failure() of a successful Result");
        return std::get<1>(m_state);
    }
    // STATUS_SUCCESS or the failure's status: what a DDI returns.
    int32_t status() const { return ok() ? 0 : std::get<1>(m_state).status; }

private:
    std::variant<T, Failure> m_state;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Failure failure) : m_failure(failure) {}
    bool ok() const { return !m_failure; }
    explicit operator bool() const { return ok(); }
    Failure failure() const
    {
        CHECK(!ok(), "failure() of a successful Result");
        return *m_failure;
    }
    int32_t status() const { return m_failure ? m_failure->status : 0; }

private:
    std::optional<Failure> m_failure;
};

} // namespace ringside

// Passes a failure to the caller, else yields the value.
#define TRY(expression)                                         \
    ({                                                          \
        auto ringside_try_result = (expression);                \
        if (!ringside_try_result.ok())                          \
            return ringside_try_result.failure();               \
        ringside::try_value(std::move(ringside_try_result));    \
    })

namespace ringside {
template <typename T>
T try_value(Result<T>&& result) { return result.take(); }
inline void try_value(Result<void>&&) {}
} // namespace ringside
