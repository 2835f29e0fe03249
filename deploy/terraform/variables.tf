variable "service" {
  description = "The service's name, and the path that its routes begin with."
  type        = string
}

variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  description = "Private subnets, at least two, in different zones. The gateway runs in the first."
  type        = list(string)
}

variable "public_subnet_ids" {
  description = "Where clients come in."
  type        = list(string)
}

variable "port" {
  description = "Where the API listens."
  type        = number
  default     = 8080
}

variable "gateway_image" {
  description = "A container image of the gateway, built from src/BlueGreen.Gateway."
  type        = string
}

variable "machine_image_id" {
  description = "An image with Docker, such as the ECS-optimised one of Amazon Linux."
  type        = string
}

variable "certificate_arn" {
  description = "A certificate of ACM for clients. Without it they come in over plain HTTP."
  type        = string
  default     = null
}

variable "instance_type" {
  type    = string
  default = "c7i.large"
}

variable "operators_cidr" {
  description = "From where operators and pipelines reach the admin API."
  type        = string
}

variable "admin_tokens" {
  description = "The lines that `bluegreen token new` prints: hashes, no tokens."
  type = list(object({
    Name   = string
    Sha256 = string
    Role   = string
  }))

  validation {
    condition     = length(var.admin_tokens) > 0
    error_message = "An admin API that is not on a loopback address needs a token: bluegreen token new."
  }
}

variable "health" {
  description = "How a destination is probed, by the gateway and by the load balancers. Default: 3/2, 5 s, 10 s, 200."
  type = object({
    path                = optional(string, "/health")
    healthy_threshold   = optional(number, 3)
    unhealthy_threshold = optional(number, 2)
    timeout             = optional(number, 5)
    interval            = optional(number, 10)
    matcher             = optional(string, "200")
  })
  default = {}
}
