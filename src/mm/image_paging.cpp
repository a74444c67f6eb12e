// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/making-drivers-pageable
// @cite(wdk-docs): page=devtest/force-irql-checking
#include "mm/image_paging.h"

#include <algorithm>

namespace ringside::mm {

using sim::host::Access;

void ImagePaging::add(Image image) { m_images.push_back(std::move(image)); }

void ImagePaging::remove(uintptr_t base)
{
    std::erase_if(m_images, [&](Image& image) {
        if (image.base != base)
            return false;
        m_away -= static_cast<size_t>(std::ranges::count(image.sections, false, &ImageSection::resident));
        return true;
    });
}

void ImagePaging::discarded(uintptr_t begin)
{
    if (ImageSection* section = section_at(begin))
        section->access = Access::None;
}

ImagePaging::Image* ImagePaging::find(uintptr_t address)
{
    auto it = std::ranges::find_if(m_images, [=](Image const& image) { return address - image.base < image.bytes; });
    return it == m_images.end() ? nullptr : &*it;
}

ImageSection* ImagePaging::section_at(uintptr_t address)
{
    Image* image = find(address);
    if (!image)
        return nullptr;
    auto it = std::ranges::find_if(
        image->sections, [=](ImageSection const& section) { return address - section.begin < section.bytes; });
    return it == image->sections.end() ? nullptr : &*it;
}

ImageSection* ImagePaging::section_of_handle(uintptr_t handle)
{
    ImageSection* section = section_at(handle);
    return section && section->begin == handle ? section : nullptr;
}

bool ImagePaging::may_go(Image const& image, ImageSection const& section)
{
    if (section.locks || section.access == Access::None)
        return false;
    return image.paged_entirely || section.pageable;
}

void ImagePaging::bring_back(ImageSection& section)
{
    if (section.resident)
        return;
    section.resident = true;
    --m_away;
    sim::host::set_access(section.begin, section.bytes, section.access);
}

bool ImagePaging::page_in(uintptr_t address)
{
    if (!m_away)
        return false;
    ImageSection* section = section_at(address);
    if (!section || section->resident)
        return false;
    ++page_ins;
    bring_back(*section);
    return true;
}

bool ImagePaging::is_away(uintptr_t address)
{
    if (!m_away)
        return false;
    ImageSection const* section = section_at(address);
    return section && !section->resident;
}

void ImagePaging::trim()
{
    for (Image& image : m_images)
        for (ImageSection& section : image.sections)
            if (section.resident && may_go(image, section)) {
                section.resident = false;
                ++m_away;
                ++trims;
                sim::host::set_access(section.begin, section.bytes, Access::None);
            }
}

void ImagePaging::bring_all_back()
{
    for (Image& image : m_images)
        for (ImageSection& section : image.sections)
            bring_back(section);
}

void ImagePaging::reset(Image& image)
{
    image.paged_entirely = false;
    for (ImageSection& section : image.sections)
        if (!may_go(image, section))
            bring_back(section);
}

void ImagePaging::lock(ImageSection& section)
{
    bring_back(section);
    ++section.locks;
}

bool ImagePaging::unlock(ImageSection& section)
{
    if (!section.locks)
        return false;
    --section.locks;
    return true;
}

size_t ImagePaging::locked() const
{
    size_t count = 0;
    for (Image const& image : m_images)
        count += static_cast<size_t>(
            std::ranges::count_if(image.sections, [](ImageSection const& section) { return section.locks; }));
    return count;
}

} // namespace ringside::mm
