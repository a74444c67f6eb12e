# SPDX-License-Identifier: MIT
# From a driver's instruction into the kernel and back, every register and flag kept: a CONTEXT is built on the driver's
# own stack, the site is executed on it, and control continues wherever the context then says.
    .intel_syntax noprefix
    .text
# void ringside_trapped(): the trap handler put us here; the driver's stack is as the instruction left it.
    .globl ringside_trapped
    .type ringside_trapped, @function
ringside_trapped:
    push qword ptr [rip + ringside_trapped_site]
    .size ringside_trapped, .-ringside_trapped

# void ringside_patched(): from a trampoline. [rsp] = Site const*
    .globl ringside_patched
    .type ringside_patched, @function
ringside_patched:
    .cfi_startproc
    .cfi_undefined rip
    pushfq
    push rbp
    mov rbp, rsp                      # [rbp] rbp, [rbp+8] flags, [rbp+16] site, rbp+24 the driver's rsp
    # A CONTEXT is 0x4D0 bytes. The gap above it is for ringside_restore_context, which writes up to 32 bytes below the
    # stack pointer it restores.
    lea rsp, [rsp - 0x4D0 - 64]
    and rsp, -16
    mov [rsp+0x78], rax
    mov [rsp+0x80], rcx
    mov [rsp+0x88], rdx
    mov [rsp+0x90], rbx
    lea rax, [rbp+24]
    mov [rsp+0x98], rax
    mov rax, [rbp]
    mov [rsp+0xA0], rax
    mov [rsp+0xA8], rsi
    mov [rsp+0xB0], rdi
    mov [rsp+0xB8], r8
    mov [rsp+0xC0], r9
    mov [rsp+0xC8], r10
    mov [rsp+0xD0], r11
    mov [rsp+0xD8], r12
    mov [rsp+0xE0], r13
    mov [rsp+0xE8], r14
    mov [rsp+0xF0], r15
    mov rax, [rbp+8]
    mov [rsp+0x44], eax
    stmxcsr [rsp+0x34]
    movaps [rsp+0x1A0], xmm0
    movaps [rsp+0x1B0], xmm1
    movaps [rsp+0x1C0], xmm2
    movaps [rsp+0x1D0], xmm3
    movaps [rsp+0x1E0], xmm4
    movaps [rsp+0x1F0], xmm5
    movaps [rsp+0x200], xmm6
    movaps [rsp+0x210], xmm7
    movaps [rsp+0x220], xmm8
    movaps [rsp+0x230], xmm9
    movaps [rsp+0x240], xmm10
    movaps [rsp+0x250], xmm11
    movaps [rsp+0x260], xmm12
    movaps [rsp+0x270], xmm13
    movaps [rsp+0x280], xmm14
    movaps [rsp+0x290], xmm15
    cld
    mov rdi, rsp
    mov rsi, [rbp+16]
    call ringside_execute_site
    mov rdi, rsp
    jmp ringside_restore_context
    .cfi_endproc
    .size ringside_patched, .-ringside_patched
    .section .note.GNU-stack,"",@progbits
