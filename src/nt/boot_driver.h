// SPDX-License-Identifier: MIT
// What early-launch drivers are told of the boot-start drivers that come after them (IoRegisterBootDriverCallback).
#pragma once

#include "nt/basic.h"
#include "nt/layout.h"

namespace ringside::nt {

enum BDCB_CALLBACK_TYPE : int32_t { BdCbStatusUpdate, BdCbInitializeImage };

enum BDCB_STATUS_UPDATE_TYPE : int32_t {
    BdCbStatusPrepareForDependencyLoad, BdCbStatusPrepareForDriverLoad, BdCbStatusPrepareForUnload,
};

enum BDCB_CLASSIFICATION : int32_t {
    BdCbClassificationUnknownImage, BdCbClassificationKnownGoodImage, BdCbClassificationKnownBadImage,
    BdCbClassificationKnownBadImageBootCritical, BdCbClassificationEnd,
};

enum : ULONG { BDCB_IMAGEFLAGS_DEPENDENT_DLL = 1, BDCB_IMAGEFLAGS_FAILED_CODE_INTEGRITY = 2 };

struct BDCB_STATUS_UPDATE_CONTEXT {
    BDCB_STATUS_UPDATE_TYPE StatusType;
};
NT_SIZE(BDCB_STATUS_UPDATE_CONTEXT, 0x04); NT_OFFSET(BDCB_STATUS_UPDATE_CONTEXT, StatusType, 0x00);

struct BDCB_IMAGE_INFORMATION {
    BDCB_CLASSIFICATION Classification; // what the driver answers
    ULONG ImageFlags;
    UNICODE_STRING ImageName;
    UNICODE_STRING RegistryPath;
    UNICODE_STRING CertificatePublisher;
    UNICODE_STRING CertificateIssuer;
    PVOID ImageHash;
    PVOID CertificateThumbprint;
    ULONG ImageHashAlgorithm; // ALG_ID
    ULONG ThumbprintHashAlgorithm;
    ULONG ImageHashLength;
    ULONG CertificateThumbprintLength;
};
NT_SIZE(BDCB_IMAGE_INFORMATION, 0x68); NT_OFFSET(BDCB_IMAGE_INFORMATION, Classification, 0x00);
NT_OFFSET(BDCB_IMAGE_INFORMATION, ImageFlags, 0x04); NT_OFFSET(BDCB_IMAGE_INFORMATION, ImageName, 0x08);
NT_OFFSET(BDCB_IMAGE_INFORMATION, RegistryPath, 0x18); NT_OFFSET(BDCB_IMAGE_INFORMATION, CertificatePublisher, 0x28);
NT_OFFSET(BDCB_IMAGE_INFORMATION, CertificateIssuer, 0x38); NT_OFFSET(BDCB_IMAGE_INFORMATION, ImageHash, 0x48);
NT_OFFSET(BDCB_IMAGE_INFORMATION, CertificateThumbprint, 0x50);
NT_OFFSET(BDCB_IMAGE_INFORMATION, ImageHashAlgorithm, 0x58);
NT_OFFSET(BDCB_IMAGE_INFORMATION, ThumbprintHashAlgorithm, 0x5c);
NT_OFFSET(BDCB_IMAGE_INFORMATION, ImageHashLength, 0x60);
NT_OFFSET(BDCB_IMAGE_INFORMATION, CertificateThumbprintLength, 0x64);

// The image information, or the status update's context in its place.
using PBOOT_DRIVER_CALLBACK_FUNCTION = void(NTAPI*)(PVOID context, BDCB_CALLBACK_TYPE type,
                                                    BDCB_IMAGE_INFORMATION* information);

} // namespace ringside::nt
