package liveset

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"
)

// checkValue refuses what Go can say and JSON cannot, naming the field as the core would: encoding/json turns bytes that are not
// UTF-8 into other characters without a word, and has no numbers for NaN and the infinities.
func checkValue(path string, value reflect.Value) error {
	switch value.Kind() {
	case reflect.String:
		if !utf8.ValidString(value.String()) {
			return invalid(path, fmt.Sprintf("%q; expected UTF-8", value.String()))
		}
	case reflect.Float64:
		if number := value.Float(); math.IsNaN(number) || math.IsInf(number, 0) {
			return invalid(path, fmt.Sprintf("%v; expected a finite number", number))
		}
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			return checkValue(path, value.Elem())
		}
	case reflect.Slice:
		for place := range value.Len() {
			if err := checkValue(fmt.Sprintf("%s[%d]", path, place), value.Index(place)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			if err := checkValue(path, key); err != nil {
				return err
			}
			if err := checkValue(path+"."+key.String(), value.MapIndex(key)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for field, inner := range value.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			if err := checkValue(path+"."+name, inner); err != nil {
				return err
			}
		}
	}
	return nil
}
