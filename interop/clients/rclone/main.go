// rclone itself with one of its backends and one of its commands: all of them take long to compile.
package main

import (
	_ "github.com/rclone/rclone/backend/s3"
	"github.com/rclone/rclone/cmd"
	_ "github.com/rclone/rclone/cmd/lsd"
	_ "github.com/rclone/rclone/cmd/version"
)

func main() {
	cmd.Main()
}
