//go:build liveset_cgo

package liveset

/*
#cgo CFLAGS: -I${SRCDIR}/lib
#cgo LDFLAGS: ${SRCDIR}/lib/libliveset.a
#cgo linux LDFLAGS: -lgcc_s -lutil -lrt -lpthread -lm -ldl
#include "liveset.h"

#if LIVESET_ABI_VERSION >> 16 != 1
#error "lib/liveset.h is of another major version than this package"
#endif
*/
import "C"

import "unsafe"

// nativeEngine is a registry of the static library.
type nativeEngine struct {
	handle C.uint64_t
	// Buffers that live as long as the registry, so that a batch allocates nothing.
	stale []LeaseID
	rows  []C.liveset_change
	// What calls write their results to. A local variable would escape to the heap at every call.
	number C.uint64_t
	count  C.size_t
	head   C.liveset_changes_head
}

func openEngine(policy []byte, seed [2]uint64) (engine, []byte, int32) {
	return makeNative(func(handle *C.uint64_t, refused []byte, length *C.size_t) C.int32_t {
		return C.liveset_open(data(policy), size(policy), C.uint64_t(seed[0]), C.uint64_t(seed[1]), handle, data(refused), size(refused), length)
	})
}

func restoreEngine(snapshot []byte, seed [2]uint64) (engine, []byte, int32) {
	return makeNative(func(handle *C.uint64_t, refused []byte, length *C.size_t) C.int32_t {
		return C.liveset_restore(data(snapshot), size(snapshot), C.uint64_t(seed[0]), C.uint64_t(seed[1]), handle, data(refused), size(refused), length)
	})
}

func makeNative(make_ func(handle *C.uint64_t, refused []byte, length *C.size_t) C.int32_t) (engine, []byte, int32) {
	made := new(nativeEngine)
	refused := make([]byte, firstRoom)
	for {
		code := make_(&made.handle, refused, &made.count)
		if code == codeOK {
			return made, nil, codeOK
		}
		if int(made.count) <= len(refused) {
			return nil, refused[:made.count], int32(code)
		}
		refused = make([]byte, made.count)
	}
}

func play(scenario []byte) ([]byte, int32) {
	report := make([]byte, 16*firstRoom)
	var length C.size_t
	for {
		code := C.liveset_play(data(scenario), size(scenario), data(report), size(report), &length)
		if code != codeTooSmall {
			return report[:length], int32(code)
		}
		report = make([]byte, length)
	}
}

func (e *nativeEngine) beat(now, lease uint64) int32 {
	return int32(C.liveset_beat(e.handle, C.uint64_t(now), C.uint64_t(lease)))
}

func (e *nativeEngine) beatMany(now uint64, leases []LeaseID) ([]LeaseID, int32) {
	if len(e.stale) < len(leases) {
		e.stale = make([]LeaseID, len(leases))
	}
	code := C.liveset_beat_many(e.handle, C.uint64_t(now),
		(*C.uint64_t)(unsafe.SliceData(leases)), C.size_t(len(leases)),
		(*C.uint64_t)(unsafe.SliceData(e.stale)), C.size_t(len(e.stale)), &e.count)
	if code != codeOK || e.count == 0 {
		return nil, int32(code)
	}
	return append([]LeaseID(nil), e.stale[:e.count]...), codeOK
}

func (e *nativeEngine) advance(now uint64) int32 {
	return int32(C.liveset_advance(e.handle, C.uint64_t(now)))
}

func (e *nativeEngine) nextDeadline() (uint64, int32) {
	code := C.liveset_next_deadline(e.handle, &e.number)
	return uint64(e.number), int32(code)
}

func (e *nativeEngine) poll(limit int) ([]Notice, int32) {
	var notices []Notice
	var rows [64]C.liveset_notice
	for len(notices) < limit {
		wanted := min(limit-len(notices), len(rows))
		code := C.liveset_poll(e.handle, &rows[0], C.size_t(wanted), &e.count)
		if code != codeOK {
			return nil, int32(code)
		}
		for _, row := range rows[:e.count] {
			notices = append(notices, noticeOf(uint64(row.kind), uint64(row.subject), uint64(row.service), uint64(row.revision)))
		}
		if int(e.count) < wanted {
			break
		}
	}
	return notices, codeOK
}

func (e *nativeEngine) changes(service, since uint64) (Changes, int32) {
	for {
		code := C.liveset_changes(e.handle, C.uint64_t(service), C.uint64_t(since), unsafe.SliceData(e.rows), C.size_t(len(e.rows)), &e.head)
		if code == codeTooSmall {
			e.rows = make([]C.liveset_change, e.head.count)
			continue
		}
		if code != codeOK {
			return Changes{}, int32(code)
		}
		break
	}
	changes := Changes{Revision: uint64(e.head.revision), Full: e.head.full != 0, Protected: e.head.protected_ != 0}
	changes.Rows = make([]Change, e.head.count)
	for place, row := range e.rows[:e.head.count] {
		changes.Rows[place] = Change{InstanceID(row.instance), uint64(row.revision), State(row.state), Cause(row.cause)}
	}
	return changes, codeOK
}

func (e *nativeEngine) digest() (uint64, int32) {
	code := C.liveset_digest(e.handle, &e.number)
	return uint64(e.number), int32(code)
}

func (e *nativeEngine) apply(now uint64, command []byte) ([]byte, int32) {
	return e.answer(C.liveset_apply(e.handle, C.uint64_t(now), data(command), size(command)))
}

func (e *nativeEngine) ask(question []byte) ([]byte, int32) {
	return e.answer(C.liveset_ask(e.handle, data(question), size(question)))
}

func (e *nativeEngine) snapshot() ([]byte, int32) {
	return e.answer(C.liveset_snapshot(e.handle))
}

func (e *nativeEngine) close() int32 { return int32(C.liveset_close(e.handle)) }

// answer reads what a call left with the registry. A status of the boundary itself leaves nothing.
func (e *nativeEngine) answer(code C.int32_t) ([]byte, int32) {
	if code >= codeClosed {
		return nil, int32(code)
	}
	reply := make([]byte, firstRoom)
	for {
		read := C.liveset_reply(e.handle, data(reply), size(reply), &e.count)
		if read == codeOK {
			return reply[:e.count], int32(code)
		}
		if read != codeTooSmall {
			return nil, int32(read)
		}
		reply = make([]byte, e.count)
	}
}

func data(bytes []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(bytes)) }

func size(bytes []byte) C.size_t { return C.size_t(len(bytes)) }
