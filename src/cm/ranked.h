// SPDX-License-Identifier: MIT
// A sorted sequence that is asked both by key and by position, as a registry key's subkeys and values are: runs of at
// most kRunMax elements, so that finding, inserting, taking out and counting to a position all stay far from linear
// (about the square root of the size) and walks are as fast as an array's.
//
// Invariants
//   N1  keys rise strictly along the runs and within each
//   N2  no run is empty or longer than kRunMax
#pragma once

#include "base/check.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace ringside::cm {

// KeyOf(element) gives what elements are sorted by.
template <typename T, auto KeyOf>
class Ranked {
public:
    using Key = decltype(KeyOf(std::declval<T const&>()));

    Ranked() = default;
    ~Ranked() { clear(); }
    Ranked(Ranked const&) = delete;
    Ranked& operator=(Ranked const&) = delete;

    size_t size() const { return m_size; }
    bool empty() const { return m_size == 0; }

    T* find(Key key) const
    {
        Place const place = place_of(key);
        if (place.run == m_runs.size() || place.at == m_runs[place.run].size())
            return nullptr;
        T& found = *m_runs[place.run][place.at];
        return KeyOf(found) == key ? &found : nullptr;
    }
    T& at(size_t index) const
    {
        for (auto const& run : m_runs) {
            if (index < run.size())
                return *run[index];
            index -= run.size();
        }
        CHECK(false, "a position beyond the end of a sequence");
        __builtin_unreachable();
    }
    // Null for no element with this key or a higher one: how a walk goes on after what it stood on was taken out.
    T* first_from(Key key) const
    {
        Place const place = place_of(key);
        return place.run == m_runs.size() ? nullptr : m_runs[place.run][place.at];
    }

    T& insert(std::unique_ptr<T> element)
    {
        Place place = place_of(KeyOf(*element));
        if (place.run == m_runs.size()) { // behind all others
            if (m_runs.empty())
                m_runs.emplace_back();
            place = { m_runs.size() - 1, m_runs.back().size() };
        }
        if (m_runs[place.run].size() == kRunMax)
            place = split(place);
        auto& run = m_runs[place.run];
        ++m_size;
        return **run.insert(run.begin() + static_cast<ptrdiff_t>(place.at), element.release());
    }
    std::unique_ptr<T> take(T& element)
    {
        Place const place = place_of(KeyOf(element));
        CHECK(place.run < m_runs.size() && m_runs[place.run][place.at] == &element,
              "an element is missing from its sequence");
        auto& run = m_runs[place.run];
        std::unique_ptr<T> taken(run[place.at]);
        run.erase(run.begin() + static_cast<ptrdiff_t>(place.at));
        if (run.empty())
            m_runs.erase(m_runs.begin() + static_cast<ptrdiff_t>(place.run));
        --m_size;
        return taken;
    }
    void clear()
    {
        for (Run const& run : m_runs)
            for (T* element : run)
                delete element;
        m_runs.clear();
        m_size = 0;
    }

    class Iterator {
    public:
        Iterator(Ranked const& of, size_t run)
            : m_of(&of)
            , m_run(run)
        {
        }
        T& operator*() const { return *m_of->m_runs[m_run][m_at]; }
        Iterator& operator++()
        {
            if (++m_at == m_of->m_runs[m_run].size()) {
                ++m_run;
                m_at = 0;
            }
            return *this;
        }
        bool operator==(Iterator const& other) const { return m_run == other.m_run && m_at == other.m_at; }

    private:
        Ranked const* m_of;
        size_t m_run;
        size_t m_at = 0;
    };
    Iterator begin() const { return { *this, 0 }; }
    Iterator end() const { return { *this, m_runs.size() }; }

private:
    static constexpr size_t kRunMax = 512;
    using Run = std::vector<T*>; // owned: moving an array of plain pointers is one block copy
    struct Place {
        size_t run;
        size_t at;
    };

    // Of the first element whose key is not below this one; { number of runs, 0 }: none.
    Place place_of(Key key) const
    {
        auto run = std::ranges::lower_bound(m_runs, key, {}, [](Run const& r) { return KeyOf(*r.back()); });
        if (run == m_runs.end())
            return { m_runs.size(), 0 };
        auto at = std::ranges::lower_bound(*run, key, {}, [](T const* element) { return KeyOf(*element); });
        return { static_cast<size_t>(run - m_runs.begin()), static_cast<size_t>(at - run->begin()) };
    }
    Place split(Place place)
    {
        auto const half = static_cast<ptrdiff_t>(kRunMax / 2);
        Run& full = m_runs[place.run];
        Run upper(full.begin() + half, full.end());
        full.resize(kRunMax / 2);
        m_runs.insert(m_runs.begin() + static_cast<ptrdiff_t>(place.run) + 1, std::move(upper));
        return place.at <= kRunMax / 2 ? place : Place { place.run + 1, place.at - kRunMax / 2 };
    }

    std::vector<Run> m_runs;
    size_t m_size = 0;
};

} // namespace ringside::cm
